/**
 * The multi-similarity loss.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { maskedLogSumExp } from "../core/ops/pairs/mod.ts";
import { type RowLoss, rowLoss } from "../core/row_loss.ts";
import type { Scalar, Tensor2D } from "../core/types.ts";
import { checkFiniteOption, checkPositiveOption } from "./_checks.ts";

/** Options of {@linkcode multiSimilarity}. */
export interface MultiSimilarityOptions {
  /** How sharply hard positives stand out, α. 2 if left out. */
  readonly alpha?: number;
  /** How sharply hard negatives stand out, β. 50 if left out. */
  readonly beta?: number;
  /** The similarity that positives should be above and negatives below, λ. 0.5 if left out. */
  readonly base?: number;
}

/**
 * The multi-similarity loss: a pair weighs more the harder it is, by itself and next to the anchor's other pairs.
 *
 * L = mean over all anchors of 1/α log(1 + Σ_{p ∈ P(a)} exp(-α (s_ap - λ))) + 1/β log(1 + Σ_{n ∈ N(a)} exp(β (s_an - λ))),
 * with s the cosine, P(a) the other examples of a's label and N(a) those of other labels. A part without pairs is 0.
 *
 * Takes one matrix `[N, dim]` or several views of the same examples, and labels `[N]` as the targets of the step. The
 * paper mines pairs before; here that is left to a miner, see `tiled`. Anchors that keep no pair still count in the
 * mean. Published code has β = 40 or 50. A row loss: it is evaluated in tiles.
 *
 * Wang et al., "Multi-similarity loss with general pair weighting for deep metric learning", 2019.
 *
 * @throws {RangeError} If α or β is not a finite number above 0, or λ not a finite number.
 *
 * @example
 * ```ts
 * import { multiSimilarity } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const targets = tf.tensor1d([0, 1], "int32");
 * const rows = tf.tensor2d([[1, 0], [0, 1]]);
 * const value = multiSimilarity({ beta: 1, base: 0 })([rows], { training: true, key: key(0), targets });
 * // No positives, and one negative at similarity 0.
 * assertAlmostEquals(value.dataSync()[0]!, Math.log(2), 1e-6);
 * ```
 */
export function multiSimilarity(options: MultiSimilarityOptions = {}): RowLoss {
  const { alpha = 2, beta = 50, base = 0.5 } = options;
  checkPositiveOption("the multi-similarity loss", { alpha, beta });
  checkFiniteOption("the multi-similarity loss", { base });
  return rowLoss({
    title: "the multi-similarity loss",
    logSums: { positiveSlope: -alpha, negativeSlope: beta, base },
    terms: ({ similarity, positive, negative, rows }) => {
      const part = (slope: number, mask: Tensor2D) => {
        const exponent = tf.sub(maskedLogSumExp(tf.mul(similarity, slope), mask), slope * base);
        return tf.div(tf.softplus(exponent), Math.abs(slope));
      };
      return { sum: tf.sum(tf.add(part(-alpha, positive), part(beta, negative))) as Scalar, count: rows };
    },
  });
}
