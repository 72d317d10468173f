/**
 * Sums of exponentials over some entries of each row.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor2D } from "../../types.ts";
import { withGradient } from "../custom_gradient.ts";

/** What stands for the logarithm of 0: finite, so that nothing made of it is not a number. */
const LOWEST = -1e30;

/**
 * For each row log Σ exp(x) over the entries where a mask holds.
 *
 * A row without such an entry gives -1e30, whose exponential and softplus are 0, and gets no gradient. The tape holds one
 * matrix, the softmax.
 *
 * @param x `[rows, columns]`
 * @param mask bool `[rows, columns]`
 * @returns `[rows, 1]`
 *
 * @example
 * ```ts
 * import { maskedLogSumExp, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const value = maskedLogSumExp(tf.tensor2d([[1, 1, 9]]), tf.tensor2d([[1, 1, 0]], [1, 3], "bool"));
 * assertAlmostEquals(value.dataSync()[0]!, 1 + Math.log(2), 1e-6);
 * ```
 */
export function maskedLogSumExp(x: Tensor2D, mask: Tensor2D): Tensor2D {
  return withGradient([x], (save) => {
    const filled = fill(x, mask, LOWEST);
    const highest = tf.max(filled, 1, true);
    const shifted = tf.sub(filled, highest);
    filled.dispose();
    const exponentials = tf.exp(shifted);
    shifted.dispose();
    const sums = tf.sum(exponentials, 1, true);
    save(() => {
      const some = tf.cast(tf.greater(highest, LOWEST / 2), "float32");
      return [tf.mul(exponentials, tf.div(some, sums))];
    });
    exponentials.dispose();
    return {
      value: tf.add(highest, tf.log(sums)),
      pullBack: (dy, [softmax]) => [tf.mul(softmax!, dy)],
    };
  }) as Tensor2D;
}

/** The matrix with another value where a mask does not hold. */
export function fill(x: Tensor2D, mask: Tensor2D, value: number): Tensor2D {
  return tf.tidy(() => tf.where(mask, x, tf.fill(x.shape, value)));
}
