/**
 * Kernels that do in one pass what would take many: an engine may have them or not.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "./types.ts";

/** Ops that an engine may have a kernel of its own for; see `core/native`. */
export type FusedName =
  | "Accumulate"
  | "AccumulateAll"
  | "AccumulateRows"
  | "AdamStep"
  | "Attention"
  | "AttentionGrad"
  | "Dropout"
  | "Gelu"
  | "GeluGrad"
  | "GroupNorm"
  | "GroupNormGrad"
  | "HalveGrad"
  | "HalveRelu"
  | "LayerNorm"
  | "LayerNormGrad"
  | "Moments"
  | "ReluGrad"
  | "SumRows"
  | "UnitRows"
  | "UnitRowsGrad"
  | "WindowHinges"
  | "WindowLogSums"
  | "WriteRows";

/** What the kernels are called in the engine's registry. */
export function fusedKernelName(name: FusedName): string {
  return `Gradfold${name}`;
}

/** Whether the engine has the kernel. */
export function hasFused(name: FusedName): boolean {
  return tf.getKernel(fusedKernelName(name), tf.getBackend()) !== undefined;
}

/**
 * Runs an op by the engine's own kernel.
 *
 * @param inputs The kernel's inputs in its order.
 * @param attributes Numbers that it is given beside.
 * @returns Its outputs, or undefined if the engine has no such kernel.
 */
export function fused(
  name: FusedName,
  inputs: readonly Tensor[],
  attributes: { readonly [name: string]: number } = {},
): Tensor[] | undefined {
  if (!hasFused(name) || !takes(name, inputs)) return undefined;
  return tf.engine().runKernel(
    fusedKernelName(name),
    { ...inputs } as unknown as tf.NamedTensorMap,
    attributes,
  ) as Tensor[];
}

/** Inputs that are row numbers, random states, labels or ids, int32; all others are float32. */
const integers: Readonly<Partial<Record<FusedName, readonly number[]>>> = {
  AccumulateRows: [1],
  Dropout: [1],
  WindowHinges: [2, 3, 4, 5, 6],
  WindowLogSums: [2, 3, 4, 5, 6],
  WriteRows: [1],
};

/** Whether a kernel takes numbers of this kind. */
function takes(name: FusedName, inputs: readonly Tensor[]): boolean {
  return inputs.every(({ dtype }, i) => dtype === (integers[name]?.includes(i) ? "int32" : "float32"));
}

/**
 * Adds tensors to sums of the same shapes, in the sums' own memory where the engine can.
 *
 * @param pairs Each a sum, whose memory nothing else shares and which is used up, and what is added to it.
 * @returns The sums.
 */
export function addAllInto(pairs: readonly (readonly [sum: Tensor, term: Tensor])[]): Tensor[] {
  const sums = pairs.map(([sum]) => sum);
  const all = [...sums, ...pairs.map(([, term]) => term)];
  if (pairs.length > 0 && fused("AccumulateAll", all, { count: pairs.length })) return sums;
  return pairs.map(([sum, term]) => addInto(sum, term));
}

/**
 * Adds `y` to `x`, in x's own memory where the engine can.
 *
 * @param x A tensor whose memory nothing else shares: one that a product, a sum or the like has just made. It is used up.
 * @param y What is added; its shape is how x's shape ends.
 * @returns The sum.
 */
export function addInto(x: Tensor, y: Tensor): Tensor {
  if (fused("Accumulate", [x, y])) return x;
  const sum = tf.add(x, y);
  x.dispose();
  return sum;
}
