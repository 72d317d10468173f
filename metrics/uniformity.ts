/**
 * How evenly representations spread.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor2D } from "../core/types.ts";
import { checkCount, checkMatrices, checkPositive } from "./_checks.ts";
import { sliceRows } from "./_distances.ts";

/** Options of {@linkcode uniformity}. */
export interface UniformityOptions {
  /** The factor t of squared distances. 2 if left out. */
  readonly t?: number;
  /** Whether rows are scaled to length 1 first. True if left out. */
  readonly normalize?: boolean;
  /** Rows in a block. 1024 if left out. */
  readonly block?: number;
}

/**
 * Uniformity: the logarithm of the mean potential of pairs of rows, less is better.
 *
 * uniformity = log 2/(N (N - 1)) Σ over i < j of exp(-t ‖xᵢ - xⱼ‖²)
 *
 * 0 if all rows are the same point, about -2 t if many rows spread evenly over a sphere of many dimensions. Pairs are
 * computed block by block: at most four matrices of `block` × `block` stand at a time.
 *
 * Wang and Isola, "Understanding contrastive representation learning through alignment and uniformity on the
 * hypersphere", 2020.
 *
 * @param x The rows, `[rows, dim]`.
 * @throws {RangeError} If there are fewer than two rows, or an option lies outside its range.
 *
 * @example
 * ```ts
 * import { uniformity } from "@gradfold/gradfold/metrics";
 * import { useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * // Two points at a right angle, so at a squared distance of 2.
 * assertAlmostEquals(await uniformity(tf.tensor2d([[1, 0], [0, 5]])), -4, 1e-5);
 * ```
 */
export async function uniformity(x: Tensor2D, options: UniformityOptions = {}): Promise<number> {
  const { t = 2, normalize = true, block = 1024 } = options;
  checkMatrices("measure uniformity", { x });
  checkPositive("measure uniformity", "t", t);
  checkCount("measure uniformity", "block", block);
  const [count] = x.shape;
  if (count < 2) throw new RangeError(`Cannot measure uniformity: x has ${count} row, expected at least two`);
  const rows = (first: number) => sliceRows(x, { first, count: block, normalize });
  let total: ExponentialSum = { greatest: -Infinity, sum: 0 };
  for (let i = 0; i < count; i += block) {
    for (let j = i; j < count; j += block) total = add(total, await potential({ rows, i, j, t }));
  }
  return total.greatest + Math.log(total.sum / (count * (count - 1) / 2));
}

/** A sum of exponentials: the greatest exponent, and the sum after it was taken away from all. */
interface ExponentialSum {
  readonly greatest: number;
  readonly sum: number;
}

function add(a: ExponentialSum, b: ExponentialSum): ExponentialSum {
  // A block of one row has no pairs with itself.
  if (b.greatest === -Infinity) return a;
  const greatest = Math.max(a.greatest, b.greatest);
  const sum = a.sum * Math.exp(a.greatest - greatest) + b.sum * Math.exp(b.greatest - greatest);
  return { greatest, sum };
}

/** Σ exp(-t ‖xᵢ - xⱼ‖²) over the pairs of rows of two blocks, or of the block with itself that begins at i = j. */
async function potential(
  { rows, i, j, t }: { rows: (first: number) => Tensor2D; i: number; j: number; t: number },
): Promise<ExponentialSum> {
  const packed = tf.tidy(() => {
    const pairs = tf.tidy(() => {
      const all = tf.tidy(() => exponents(rows(i), rows(j), t));
      return i === j ? tf.add(all, tf.tidy(() => belowIsInfinite(all.shape[0]))) : all;
    });
    const greatest = tf.max(pairs);
    const sums = tf.tidy(() => tf.sum(tf.exp(tf.sub(pairs, greatest)), 1));
    return tf.concat([tf.reshape(greatest, [1]), sums]);
  });
  const [greatest, ...sums] = await packed.data<"float32">().finally(() => packed.dispose());
  return { greatest: greatest!, sum: sums.reduce((sum, value) => sum + value, 0) };
}

/** -t ‖a - b‖² for each pair of rows, as one product: 2 t a·b - t ‖a‖² - t ‖b‖². */
function exponents(a: Tensor2D, b: Tensor2D, t: number): Tensor2D {
  const squares = (rows: Tensor2D) => tf.mul(tf.sum(tf.square(rows), 1, true), -t);
  const left = tf.concat([tf.mul(a, 2 * t), squares(a), tf.ones([a.shape[0], 1])], 1);
  const right = tf.concat([b, tf.ones([b.shape[0], 1]), squares(b)], 1);
  return tf.minimum(tf.matMul(left, tf.transpose(right)), 0);
}

/** A square matrix with 0 above its diagonal and -Infinity elsewhere. */
function belowIsInfinite(rows: number): Tensor2D {
  const numbers = tf.range(0, rows, 1, "int32");
  return tf.log(tf.cast(tf.less(tf.expandDims(numbers, 1), tf.expandDims(numbers, 0)), "float32"));
}
