/**
 * Neighbourhood components analysis.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { anyInRow, maskedLogSumExp } from "../core/ops/pairs/mod.ts";
import { type RowLoss, rowLoss } from "../core/row_loss.ts";
import type { Scalar, Tensor2D } from "../core/types.ts";
import { checkPositiveOption } from "./_checks.ts";

/** Options of {@linkcode nca}. */
export interface NCAOptions {
  /** What squared distances are multiplied by, c. 1 if left out. */
  readonly scale?: number;
}

/**
 * The NCA loss: a neighbour that is drawn at random, near ones more often, shall be of the anchor's label.
 *
 * L = mean over anchors with a positive of -log( Σ_{p ∈ P(a)} exp(-c d²_ap) / Σ_{j ∈ P(a) ∪ N(a)} exp(-c d²_aj) ), with
 * d² = 2 - 2s the squared distance of rows at length 1, P(a) the other examples of a's label and N(a) those of other labels.
 *
 * Takes one matrix `[N, dim]` or several views of the same examples, and labels `[N]` as the targets of the step.
 * Anchors without a positive are left out of the mean; the loss is 0 if there is none. The paper maximizes the expected
 * number of hits; its logarithm, as here, is what deep variants use. A row loss: it is evaluated in tiles.
 *
 * Goldberger et al., "Neighbourhood components analysis", 2004.
 *
 * @throws {RangeError} If the scale is not a finite number above 0.
 *
 * @example
 * ```ts
 * import { nca } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const targets = tf.tensor1d([0, 0, 1], "int32");
 * const rows = tf.tensor2d([[1, 0], [1, 0], [0, 1]]);
 * const value = nca()([rows], { training: true, key: key(0), targets });
 * // The positive has squared distance 0 and the negative 2.
 * assertAlmostEquals(value.dataSync()[0]!, Math.log(1 + Math.exp(-2)), 1e-6);
 * ```
 */
export function nca(options: NCAOptions = {}): RowLoss {
  const { scale = 1 } = options;
  checkPositiveOption("the NCA loss", { scale });
  return rowLoss({
    title: "the NCA loss",
    terms: ({ similarity, positive, negative }) => {
      // The 2 of d² = 2 - 2s is in both sums and drops out.
      const logits = tf.mul(similarity, 2 * scale) as Tensor2D;
      const all = maskedLogSumExp(logits, tf.logicalOr(positive, negative) as Tensor2D);
      const has = anyInRow(positive);
      const missed = tf.sub(all, maskedLogSumExp(logits, positive));
      return { sum: tf.sum(tf.mul(missed, has)) as Scalar, count: tf.sum(has) as Scalar };
    },
  });
}
