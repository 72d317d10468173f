/**
 * Positives against all negatives of their anchor.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor2D } from "../../types.ts";
import { withGradient } from "../custom_gradient.ts";
import { fill } from "./masked_log_sum_exp.ts";

/** What stands for the logarithm of 0: finite, so that nothing made of it is not a number. */
const LOWEST = -1e30;

/**
 * For each row Σₚ log( 1 + Σₙ exp(xₙ - xₚ) ), with the outer sum over positives and the inner one over negatives: the
 * cross-entropies of picking each positive among itself and the negatives.
 *
 * It takes as long for one positive as for many, and holds no more. Neither large nor small terms are lost. A row without
 * positives gives 0, one without negatives too. The tape holds one matrix, the gradient.
 *
 * @param x `[rows, columns]`
 * @param positive bool `[rows, columns]`
 * @param negative bool `[rows, columns]`
 * @returns `[rows, 1]`
 *
 * @example
 * ```ts
 * import { contrastSum, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const mask = (...entries: number[]) => tf.tensor2d([entries], [1, 4], "bool");
 * const value = contrastSum(tf.tensor2d([[2, 1, 1, 1]]), mask(1, 1, 0, 0), mask(0, 0, 1, 1));
 * assertAlmostEquals(value.dataSync()[0]!, Math.log(1 + 2 / Math.E) + Math.log(3), 1e-6);
 * ```
 */
export function contrastSum(x: Tensor2D, positive: Tensor2D, negative: Tensor2D): Tensor2D {
  return withGradient([x], (save) => {
    const filled = fill(x, negative, LOWEST);
    const highest = tf.max(filled, 1, true);
    const exponentials = tf.tidy(() => tf.exp(tf.sub(filled, highest)));
    filled.dispose();
    const sums = tf.sum(exponentials, 1, true);
    const gaps = tf.sub(tf.add(highest, tf.log(sums)), x);
    const chosen = tf.cast(positive, "float32");
    save(() => [
      tf.tidy(() => {
        const slopes = tf.tidy(() => tf.mul(tf.sigmoid(gaps), chosen));
        // Without negatives no slope is left that a share could go to.
        const shares = tf.div(tf.sum(slopes, 1, true), sums);
        return tf.sub(tf.mul(exponentials, shares), slopes);
      }),
    ]);
    exponentials.dispose();
    return {
      value: tf.tidy(() => tf.sum(tf.mul(tf.softplus(gaps), chosen), 1, true)),
      pullBack: (dy, [slopes]) => [tf.mul(slopes!, dy)],
    };
  }) as Tensor2D;
}
