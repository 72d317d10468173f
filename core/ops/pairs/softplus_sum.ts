/**
 * Sums of softplus over some entries of a matrix.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor2D } from "../../types.ts";
import { withGradient } from "../custom_gradient.ts";

/**
 * For each row Σ log(1 + exp(x)) over the entries where a mask holds.
 *
 * It neither overflows nor loses small terms: large x give x and low ones exp(x). The tape holds one matrix.
 *
 * @param x `[rows, columns]`
 * @param mask bool `[rows, columns]`
 * @returns `[rows, 1]`
 *
 * @example
 * ```ts
 * import { softplusSum, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const value = softplusSum(tf.tensor2d([[0, 100, 7]]), tf.tensor2d([[1, 1, 0]], [1, 3], "bool"));
 * assertAlmostEquals(value.dataSync()[0]!, Math.LN2 + 100, 1e-4);
 * ```
 */
export function softplusSum(x: Tensor2D, mask: Tensor2D): Tensor2D {
  return withGradient([x], (save) => {
    const within = (values: Tensor2D) => tf.mul(values, tf.cast(mask, "float32"));
    save(() => [tf.tidy(() => within(tf.sigmoid(x)))]);
    return {
      value: tf.tidy(() => tf.sum(within(tf.softplus(x)), 1, true)),
      pullBack: (dy, [slope]) => [tf.mul(slope!, dy)],
    };
  }) as Tensor2D;
}
