/**
 * The binomial deviance loss.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { withGradient } from "../core/ops/custom_gradient.ts";
import { fill } from "../core/ops/pairs/masked_log_sum_exp.ts";
import { countRows, softplusSum } from "../core/ops/pairs/mod.ts";
import { type RowLoss, rowLoss, type RowSum } from "../core/row_loss.ts";
import type { Scalar, Tensor2D } from "../core/types.ts";
import { checkFiniteOption, checkPositiveOption } from "./_checks.ts";

/** Options of {@linkcode binomialDeviance}. */
export interface BinomialDevianceOptions {
  /** The slope for positives, α. 2 if left out. */
  readonly alpha?: number;
  /** The slope for negatives, β. 50 if left out, which is α times a cost of negatives of 25. */
  readonly beta?: number;
  /** The similarity that positives should be above and negatives below, λ. 0.5 if left out. */
  readonly base?: number;
}

/**
 * The binomial deviance loss: the contrastive loss with soft margins.
 *
 * L = mean over positive pairs of log(1 + exp(-α (s_ap - λ))) + mean over negative pairs of log(1 + exp(β (s_an - λ))), with
 * s the cosine. A mean over no pairs is 0.
 *
 * Takes one matrix `[N, dim]` or several views of the same examples, and labels `[N]` as the targets of the step. The
 * means are over all pairs of the batch, as in the paper, which writes β as α times a cost of negatives; where every
 * anchor has as many positives as the others they are also the means over an anchor's pairs of the papers on pair
 * weighting. A row loss: it is evaluated in tiles.
 *
 * Yi, Lei and Li, "Deep metric learning for practical person re-identification", 2014.
 *
 * @throws {RangeError} If α or β is not a finite number above 0, or λ not a finite number.
 *
 * @example
 * ```ts
 * import { binomialDeviance } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const targets = tf.tensor1d([0, 0, 1], "int32");
 * const rows = tf.tensor2d([[1, 0], [1, 0], [0, 1]]);
 * const value = binomialDeviance({ alpha: 2, beta: 2 })([rows], { training: true, key: key(0), targets });
 * // Positives have similarity 1, negatives 0: each is half on its side of 0.5.
 * assertAlmostEquals(value.dataSync()[0]!, 2 * Math.log(1 + Math.exp(-1)), 1e-6);
 * ```
 */
export function binomialDeviance(options: BinomialDevianceOptions = {}): RowLoss {
  const { alpha = 2, beta = 50, base = 0.5 } = options;
  checkPositiveOption("the binomial deviance loss", { alpha, beta });
  checkFiniteOption("the binomial deviance loss", { base });
  return rowLoss({
    title: "the binomial deviance loss",
    means: 2,
    terms: ({ similarity, positive, negative }) => [
      deviance(similarity, positive, -alpha, base),
      deviance(similarity, negative, beta, base),
    ],
  });
}

/** Σ log(1 + exp(k (s - λ))) over the entries where a mask holds, and their number; the tape holds one matrix. */
function deviance(similarity: Tensor2D, mask: Tensor2D, slope: number, base: number): RowSum {
  const sum = withGradient([similarity], (save) => {
    const exponents = tf.tidy(() => tf.mul(tf.sub(similarity, base), slope)) as Tensor2D;
    save(() => [tf.tidy(() => tf.mul(fill(tf.sigmoid(exponents), mask, 0), slope))]);
    return {
      value: tf.sum(softplusSum(exponents, mask)),
      pullBack: (dy, [slopes]) => [tf.mul(slopes!, dy)],
    };
  });
  return { sum: sum as Scalar, count: tf.sum(countRows(mask)) as Scalar };
}
