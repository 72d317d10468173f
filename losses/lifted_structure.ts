/**
 * The lifted structure loss.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { maskedLogSumExp, rowFunction, sumOverPositives, unitDistances } from "../core/ops/pairs/mod.ts";
import { type RowLoss, rowLoss } from "../core/row_loss.ts";
import type { Scalar, Tensor2D } from "../core/types.ts";
import { checkFiniteOption } from "./_checks.ts";
import { rowProducts } from "./_measures.ts";

/** Options of {@linkcode liftedStructure}. */
export interface LiftedStructureOptions {
  /** The distance at which positives are close enough. 0 if left out. */
  readonly positiveMargin?: number;
  /** The distance that negatives are pushed to. 1 if left out. */
  readonly negativeMargin?: number;
}

/**
 * The lifted structure loss: a positive pair shall be nearer than all negatives of both its examples.
 *
 * L = mean over ordered pairs of an anchor a and a positive p of ½ max( log( Σ_{n ∈ N(a)} exp(m⁻ - d_an) + Σ_{n ∈ N(a)}
 * exp(m⁻ - d_pn) ) + d_ap - m⁺, 0 )², with d the distance of rows at length 1 and N(a) the examples of other labels, which
 * are those of p's too. A pair without negatives counts 0; the loss is 0 if there are no positive pairs.
 *
 * Takes one matrix `[N, dim]` or several views of the same examples, and labels `[N]` as the targets of the step. Time
 * grows with anchors × positives × references, memory as that of a matrix of distances. A row loss: it is evaluated in
 * tiles.
 *
 * Song, Xiang, Jegelka and Savarese, "Deep metric learning via lifted structured feature embedding", 2016.
 *
 * @throws {RangeError} If a margin is not a finite number.
 *
 * @example
 * ```ts
 * import { liftedStructure } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const targets = tf.tensor1d([0, 0, 1], "int32");
 * const rows = tf.tensor2d([[1, 0], [1, 0], [-1, 0]]);
 * const value = liftedStructure({ negativeMargin: 3 })([rows], { training: true, key: key(0), targets });
 * // The positives have distance 0, and both are at distance 2 from the negative.
 * assertAlmostEquals(value.dataSync()[0]!, (Math.log(2 * Math.exp(3 - 2))) ** 2 / 2, 1e-6);
 * ```
 */
export function liftedStructure(options: LiftedStructureOptions = {}): RowLoss {
  const { positiveMargin = 0, negativeMargin = 1 } = options;
  checkFiniteOption("the lifted structure loss", { positiveMargin, negativeMargin });
  return rowLoss({
    title: "the lifted structure loss",
    terms: ({ similarity, positive, negative, anchors, references }) => {
      const push = (cosines: Tensor2D) =>
        rowFunction(cosines, (cosines) => maskedLogSumExp(tf.sub(negativeMargin, unitDistances(cosines)), negative));
      const ofAnchor = push(similarity);
      return sumOverPositives({ positive, references, inputs: [ofAnchor, anchors] }, (positives) => {
        const pushed = tf.logSumExp(tf.concat([ofAnchor, push(positives.similarity)], 1), 1, true);
        const pulled = tf.sub(unitDistances(rowProducts(anchors, positives.rows)), positiveMargin);
        const valid = tf.cast(positives.valid, "float32");
        const terms = tf.mul(tf.square(tf.relu(tf.add(pushed, pulled))), valid);
        return { sum: tf.mul(tf.sum(terms), 0.5) as Scalar, count: tf.sum(valid) as Scalar };
      });
    },
  });
}
