/**
 * Sums over some entries of a matrix.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Scalar, Tensor2D } from "../../types.ts";
import { withGradient } from "../custom_gradient.ts";
import { fill } from "./masked_log_sum_exp.ts";

/**
 * For each row the sum over the entries where a mask holds.
 *
 * The tape holds the mask.
 *
 * @param x `[rows, columns]`
 * @param mask bool `[rows, columns]`
 * @returns `[rows, 1]`
 *
 * @example
 * ```ts
 * import { maskedSum, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const value = maskedSum(tf.tensor2d([[1, 2, 4]]), tf.tensor2d([[1, 0, 1]], [1, 3], "bool"));
 * assertEquals(value.arraySync(), [[5]]);
 * ```
 */
export function maskedSum(x: Tensor2D, mask: Tensor2D): Tensor2D {
  return withGradient([x], (save) => {
    save(() => [mask]);
    return {
      value: tf.tidy(() => tf.sum(fill(x, mask, 0), 1, true)),
      pullBack: (dy, [mask]) => [tf.mul(tf.cast(mask!, "float32"), dy)],
    };
  }) as Tensor2D;
}

/** A sum of positive parts, and how many there were. */
export interface HingeSum {
  /** Σ max(x, 0) over the entries where the mask holds. */
  readonly sum: Scalar;
  /** How many of them are above 0. */
  readonly count: Scalar;
}

/**
 * Σ max(x, 0) over the entries where a mask holds, and the number of those above 0: a mean over non-zero terms.
 *
 * The tape holds one mask.
 *
 * @param x `[rows, columns]`
 * @param mask bool `[rows, columns]`
 *
 * @example
 * ```ts
 * import { hingeSum, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const { sum, count } = hingeSum(tf.tensor2d([[1, -2, 4, 8]]), tf.tensor2d([[1, 1, 1, 0]], [1, 4], "bool"));
 * assertEquals([sum.dataSync()[0], count.dataSync()[0]], [5, 2]);
 * ```
 */
export function hingeSum(x: Tensor2D, mask: Tensor2D): HingeSum {
  // What is not a number is not at most 0 either, and shall show.
  const above = tf.logicalAnd(mask, tf.logicalNot(tf.lessEqual(x, 0))) as Tensor2D;
  const sum = tf.sum(maskedSum(x, above)) as Scalar;
  return { sum, count: tf.sum(countRows(above)) as Scalar };
}

/** For each row the number of entries where a mask holds, `[rows, 1]`. */
export function countRows(mask: Tensor2D): Tensor2D {
  return tf.tidy(() => tf.sum(tf.cast(mask, "float32"), 1, true));
}

/** For each row 1 if a mask holds anywhere in it, else 0, `[rows, 1]`. */
export function anyInRow(mask: Tensor2D): Tensor2D {
  return tf.tidy(() => tf.cast(tf.any(mask, 1, true), "float32") as Tensor2D);
}
