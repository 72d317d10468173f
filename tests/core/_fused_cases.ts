import * as tf from "@tensorflow/tfjs";
import { key, type Tensor, type Tensor2D } from "../../core/mod.ts";
import {
  affine,
  dropout,
  gelu,
  geluAffine,
  groupNorm,
  groupNormPool,
  l2Normalize,
  layerNorm,
  normAffine,
  reluAffine,
  selfAttention,
} from "../../core/ops/mod.ts";

/** An op that runs on fused kernels where an engine has them. */
export interface FusedCase {
  readonly name: string;
  /** The shapes of its inputs for so many examples, the examples' own first. */
  readonly shapes: (examples: number) => [number[], ...number[][]];
  /** `first` is the number of the first example in the whole batch. */
  readonly run: (inputs: Tensor[], first?: number) => Tensor;
}

const length = 9;

/** A sequence for each example, the second of every three of them padded. */
function mask(examples: number, first: number): Tensor2D {
  const there = (i: number) => (first + Math.floor(i / length)) % 3 !== 1 || i % length < 4;
  return tf.tensor2d(Float32Array.from({ length: examples * length }, (_, i) => there(i) ? 1 : 0), [examples, length]);
}

export const fusedCases: readonly FusedCase[] = [
  { name: "gelu", shapes: (n) => [[n, 37]], run: ([x]) => gelu(x!) },
  { name: "layerNorm", shapes: (n) => [[n, 29], [29], [29]], run: ([x, a, b]) => layerNorm(x!, a!, b!) },
  { name: "groupNorm", shapes: (n) => [[n, 5, 7, 12], [12], [12]], run: ([x, a, b]) => groupNorm(x!, a!, b!, 3) },
  {
    name: "groupNormPool",
    shapes: (n) => [[n, 5, 7, 12], [12], [12]],
    run: ([x, scale, shift]) => groupNormPool(x!, { scale: scale!, shift: shift!, groups: 4 }),
  },
  {
    name: "selfAttention",
    shapes: (n) => [[n * length, 24]],
    run: ([x], first = 0) => tf.tidy(() => selfAttention(x as Tensor2D, mask(x!.shape[0]! / length, first), 2)),
  },
  { name: "l2Normalize", shapes: (n) => [[n, 13]], run: ([x]) => l2Normalize(x as Tensor2D) },
  { name: "affine", shapes: (n) => [[n, 11], [11, 9], [9]], run: ([x, kernel, bias]) => affine(x!, kernel!, bias) },
  {
    name: "normAffine",
    shapes: (n) => [[n, 11], [11], [11], [11, 9], [9]],
    run: ([x, scale, shift, kernel, bias]) => normAffine(x!, { scale: scale!, shift: shift! }, kernel!, bias!),
  },
  {
    name: "geluAffine",
    shapes: (n) => [[n, 11], [11, 9], [9]],
    run: ([x, kernel, bias]) => geluAffine(x!, kernel!, bias!),
  },
  {
    name: "reluAffine",
    shapes: (n) => [[n, 11], [11, 9], [9]],
    run: ([x, kernel, bias]) => reluAffine(x!, kernel!, bias!),
  },
  {
    name: "dropout",
    shapes: (n) => [[n * 3, 5]],
    run([x], first = 0) {
      const rows = Int32Array.from({ length: x!.shape[0]! / 3 }, (_, row) => first + row);
      return dropout(x!, 0.3, { training: true, key: key(5), rows }, "layer");
    },
  },
];

/** Runs a case and reads its value and the gradients of all inputs. */
export function runCase({ run }: FusedCase, inputs: readonly Tensor[], dy: Tensor, first = 0): Float32Array[] {
  return tf.tidy(() => {
    const op = (...inputs: Tensor[]) => run(inputs, first);
    const gradients = tf.grads(op)([...inputs], dy);
    return [op(...inputs), ...gradients].map((result) => result.dataSync().slice() as Float32Array);
  });
}

/** Random inputs for so many examples, and a cotangent. */
export function inputsOf(
  { shapes, run }: FusedCase,
  examples: number,
  random: (name: string, shape: number[]) => Tensor,
): { inputs: Tensor[]; dy: Tensor } {
  const inputs = shapes(examples).map((shape, i) => random(`input ${i}`, shape));
  return { inputs, dy: random("dy", tf.tidy(() => run(inputs)).shape) };
}
