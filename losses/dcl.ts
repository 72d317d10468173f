/**
 * The decoupled contrastive loss.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { withGradient } from "../core/ops/custom_gradient.ts";
import { anyInRow, countRows, maskedLogSumExp, maskedSum } from "../core/ops/pairs/mod.ts";
import { views } from "../core/pairs/same_label.ts";
import type { Pairing } from "../core/pairs/types.ts";
import { type RowLoss, rowLoss, type RowSum } from "../core/row_loss.ts";
import type { Scalar, Tensor2D } from "../core/types.ts";
import { heated, scaled } from "./_heat.ts";
import type { Temperature } from "./temperature.ts";

/** Options of {@linkcode dcl}. */
export interface DCLOptions {
  /** The temperature τ that similarities are divided by, fixed or learnt. 0.1 if left out. */
  readonly temperature?: number | Temperature;
  /** The spread σ of the weights of positives, 0.5 in the paper; all weigh 1 if left out. */
  readonly sigma?: number;
  /** Which pairs are positives: `views()` if left out, or `sameLabel()` for labels. */
  readonly pairing?: Pairing;
}

/**
 * The decoupled contrastive loss: NT-Xent without the positive in its denominator, which frees the gradient of a small
 * batch from a factor that fades as the positive comes near.
 *
 * L = mean over positive pairs (a, p) of -w_ap s_ap/τ + log Σ_{n ∈ N(a)} exp(s_an/τ), with s the cosine. It can be negative.
 * The weights are 1, or with σ, as DCLW, w_ap = 2 - exp(s_ap/σ) / mean over positive pairs of exp(s_ap/σ): of mean 1, and
 * larger for pairs that are far apart. No gradient flows through them.
 *
 * By default it takes two views or more of the same N examples, `[N, dim]` each: every row is an anchor, its other views
 * are its positives, and all rows of other examples its negatives. With `pairing: sameLabel()` it takes one matrix or
 * several views, and labels `[N]` as the targets of the step. Anchors without a positive or without a negative are left
 * out, and the loss is 0 if there is none else, as for a single example. A row loss: it is evaluated in tiles.
 *
 * Yeh et al., "Decoupled contrastive learning", 2022. The negatives of both views stand in one sum, as there; lightly takes
 * a logarithm for each view.
 *
 * @throws {RangeError} If a fixed temperature is not a finite number above 0, or `sigma` below 0.02.
 *
 * @example
 * ```ts
 * import { dcl } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const view = tf.tensor2d([[1, 0], [0, 1]]);
 * const value = dcl({ temperature: 1 })([view, view], { training: true, key: key(0) });
 * // The positive has similarity 1, both rows of the other example 0.
 * assertAlmostEquals(value.dataSync()[0]!, Math.log(2) - 1, 1e-6);
 * ```
 */
export function dcl(options: DCLOptions = {}): RowLoss {
  const { temperature = 0.1, sigma, pairing = views() } = options;
  if (sigma !== undefined) checkSigma(sigma);
  return rowLoss({
    title: "DCL",
    pairing,
    ...heated(temperature),
    means: sigma === undefined ? 1 : 2,
    terms: ({ similarity, positive, negative, shared }) => {
      const logits = scaled(similarity, temperature, { shared });
      const opposed = anyInRow(negative);
      const count = tf.mul(countRows(positive), opposed);
      const partition = tf.mul(maskedLogSumExp(logits, negative), count);
      // Of the weights the 2 stands here, and the rest in a mean of its own: Σ e z/τ / Σ e.
      const matched = tf.mul(maskedSum(logits, positive), tf.mul(opposed, sigma === undefined ? 1 : 2));
      const decoupled = { sum: tf.sum(tf.sub(partition, matched)) as Scalar, count: tf.sum(count) as Scalar };
      if (sigma === undefined) return decoupled;
      return [decoupled, nearness(logits, weights(similarity, positive, opposed, sigma))];
    },
  });
}

/** The exponentials e = exp(s/σ) of pairs that count, as a constant for the gradient. */
function weights(similarity: Tensor2D, positive: Tensor2D, opposed: Tensor2D, sigma: number): Tensor2D {
  return withGradient([], () => {
    const all = tf.tidy(() => tf.exp(tf.mul(similarity, 1 / sigma)));
    const counted = tf.tidy(() => tf.mul(tf.cast(positive, "float32"), opposed));
    return { value: tf.mul(all, counted), pullBack: () => [] };
  }) as Tensor2D;
}

/** A weighted mean of logits, through whose weights no gradient flows. */
function nearness(logits: Tensor2D, weights: Tensor2D): RowSum {
  const sum = withGradient([logits], (save) => {
    save(() => [weights]);
    return { value: tf.sum(tf.mul(logits, weights)), pullBack: (dy, [weights]) => [tf.mul(weights!, dy)] };
  });
  return { sum: sum as Scalar, count: tf.sum(weights) as Scalar };
}

/** Checks the spread of weights, whose exponentials of ±1/σ are to stay within float32. */
function checkSigma(sigma: number): void {
  if (!Number.isFinite(sigma) || sigma < 0.02) {
    throw new RangeError(`Cannot make DCL: sigma is ${sigma}, expected a finite number of at least 0.02`);
  }
}
