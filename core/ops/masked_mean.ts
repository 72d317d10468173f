/**
 * Means over the parts of sequences that are there.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor2D } from "../types.ts";
import { withGradient } from "./custom_gradient.ts";

/**
 * The weighted mean of each sequence's vectors: Σ mask · x / Σ mask. A sequence that is masked throughout gives zeros.
 *
 * The gradient goes to x only; the mask is a constant. The tape holds one number for each place.
 *
 * @param x Sequences, `[examples, length, width]`.
 * @param mask 1 where there is something, or its weight, and 0 where there is padding, `[examples, length]`.
 * @returns `[examples, width]`.
 * @throws {RangeError} If the mask does not fit the sequences.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { maskedMean, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const words = tf.tensor3d([[[1, 2], [3, 4], [99, 99]]]);
 * assertEquals(maskedMean(words, tf.tensor2d([[1, 1, 0]])).arraySync(), [[2, 3]]);
 * ```
 */
export function maskedMean(x: Tensor, mask: Tensor2D): Tensor2D {
  const [examples, length, width] = x.shape as [number, number, number];
  if (x.rank !== 3 || mask.rank !== 2 || mask.shape[0] !== examples || mask.shape[1] !== length) {
    throw new RangeError(
      `Cannot average: x has shape [${x.shape}] and the mask [${mask.shape}], ` +
        "expected [examples, length, width] and [examples, length]",
    );
  }
  return withGradient([x], (save) => {
    const weights = meanWeights(mask);
    save(() => [weights]);
    return {
      value: tf.reshape(tf.matMul(tf.reshape(weights, [examples, 1, length]), x), [examples, width]),
      pullBack: (dy, [weights]) => [
        tf.matMul(tf.reshape(weights!, [examples, length, 1]), tf.reshape(dy, [examples, 1, width])),
      ],
    };
  }) as Tensor2D;
}

/**
 * Scales each row of a mask to sum to 1, for a mean as a weighted sum: wᵢⱼ = maskᵢⱼ / Σ maskᵢ. A row of zeros stays zeros.
 *
 * @param mask 1 where there is something, or its weight, and 0 where there is padding, `[examples, length]`.
 * @returns The weights, `[examples, length]`.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { meanWeights, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * assertEquals(meanWeights(tf.tensor2d([[1, 1, 0], [0, 0, 0]])).arraySync(), [[0.5, 0.5, 0], [0, 0, 0]]);
 * ```
 */
export function meanWeights(mask: Tensor2D): Tensor2D {
  return tf.tidy(() => {
    const total = tf.sum(mask, 1, true);
    // Fractional masks may sum to less than 1, so only zero is replaced.
    return tf.div(mask, tf.add(total, tf.cast(tf.equal(total, 0), "float32")));
  });
}
