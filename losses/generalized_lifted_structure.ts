/**
 * The lifted structure loss by anchors.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { anyInRow, maskedLogSumExp, unitDistances } from "../core/ops/pairs/mod.ts";
import { type RowLoss, rowLoss } from "../core/row_loss.ts";
import type { Scalar } from "../core/types.ts";
import { checkFiniteOption } from "./_checks.ts";

/** Options of {@linkcode generalizedLiftedStructure}. */
export interface GeneralizedLiftedStructureOptions {
  /** What is taken off the distances of positives. 0 if left out. */
  readonly positiveMargin?: number;
  /** The distance that negatives are pushed to. 1 if left out. */
  readonly negativeMargin?: number;
}

/**
 * The generalized lifted structure loss: all positives of an anchor shall be nearer than all its negatives.
 *
 * L = mean over anchors of max( log Σ_{p ∈ P(a)} exp(d_ap - m⁺) + log Σ_{n ∈ N(a)} exp(m⁻ - d_an), 0 ), with d the distance
 * of rows at length 1, P(a) the other examples of a's label and N(a) those of other labels. Anchors that lack positives or
 * negatives are left out of the mean; the loss is 0 if there are no others.
 *
 * Takes one matrix `[N, dim]` or several views of the same examples, and labels `[N]` as the targets of the step. A row
 * loss: it is evaluated in tiles.
 *
 * Hermans, Beyer and Leibe, "In defense of the triplet loss for person re-identification", 2017.
 *
 * @throws {RangeError} If a margin is not a finite number.
 *
 * @example
 * ```ts
 * import { generalizedLiftedStructure } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const targets = tf.tensor1d([0, 0, 1], "int32");
 * const rows = tf.tensor2d([[1, 0], [1, 0], [0, 1]]);
 * const value = generalizedLiftedStructure({ negativeMargin: 2 })([rows], { training: true, key: key(0), targets });
 * // For both anchors the positive is at distance 0 and the negative at √2.
 * assertAlmostEquals(value.dataSync()[0]!, 2 - Math.SQRT2, 1e-6);
 * ```
 */
export function generalizedLiftedStructure(options: GeneralizedLiftedStructureOptions = {}): RowLoss {
  const { positiveMargin = 0, negativeMargin = 1 } = options;
  checkFiniteOption("the generalized lifted structure loss", { positiveMargin, negativeMargin });
  return rowLoss({
    title: "the generalized lifted structure loss",
    terms: ({ similarity, positive, negative }) => {
      const distances = unitDistances(similarity);
      const pulled = tf.sub(maskedLogSumExp(distances, positive), positiveMargin);
      const pushed = maskedLogSumExp(tf.sub(negativeMargin, distances), negative);
      const both = tf.mul(anyInRow(positive), anyInRow(negative));
      // An anchor that lacks one side has a sum near -1e30, of which nothing is left.
      return { sum: tf.sum(tf.relu(tf.add(pulled, pushed))) as Scalar, count: tf.sum(both) as Scalar };
    },
  });
}
