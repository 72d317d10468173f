/**
 * The contrastive loss.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { countRows, hingeSum, unitDistances } from "../core/ops/pairs/mod.ts";
import { type RowLoss, rowLoss, type RowSum } from "../core/row_loss.ts";
import type { Scalar, Tensor2D } from "../core/types.ts";
import { checkFiniteOption } from "./_checks.ts";
import { checkMeasure, checkReduction } from "./_measures.ts";

/** Options of {@linkcode contrastive}. */
export interface ContrastiveOptions {
  /** How pairs are compared: by the distance of their rows at length 1 or by their cosine. Distance if left out. */
  readonly measure?: "distance" | "cosine";
  /** Where positives are close enough. Distance 0, or cosine 1, if left out. */
  readonly positiveMargin?: number;
  /** Where negatives are far enough. Distance 1, or cosine 0, if left out. */
  readonly negativeMargin?: number;
  /** What the means are over: the terms above 0, or all pairs. `nonZero` if left out. */
  readonly reduction?: "nonZero" | "all";
}

/**
 * The contrastive loss: positives are pulled within one margin and negatives pushed beyond another.
 *
 * By distance L = mean of max(d_ap - m⁺, 0) + mean of max(m⁻ - d_an, 0); by cosine L = mean of max(m⁺ - s_ap, 0) + mean of
 * max(s_an - m⁻, 0). Each mean is over its terms above 0, of all positive and all negative pairs, or by `reduction: "all"`
 * over all of them, and is 0 if there is none.
 *
 * Takes one matrix `[N, dim]` or several views of the same examples, and labels `[N]` as the targets of the step. A row
 * loss: it is evaluated in tiles.
 *
 * Hadsell, Chopra and LeCun, "Dimensionality reduction by learning an invariant mapping", 2006.
 *
 * @throws {RangeError} If a margin is not a finite number, or `measure` or `reduction` is unknown.
 *
 * @example
 * ```ts
 * import { contrastive } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const targets = tf.tensor1d([0, 0, 1], "int32");
 * const rows = tf.tensor2d([[1, 0], [0, 1], [1, 0]]);
 * const value = contrastive()([rows], { training: true, key: key(0), targets });
 * // The positives are √2 apart, and one pair of negatives has distance 0, the other more than 1.
 * assertAlmostEquals(value.dataSync()[0]!, Math.SQRT2 + 1, 1e-6);
 * ```
 */
export function contrastive(options: ContrastiveOptions = {}): RowLoss {
  const { measure = "distance", reduction = "nonZero" } = options;
  checkMeasure("the contrastive loss", measure);
  checkReduction("the contrastive loss", reduction);
  const { positiveMargin = measure === "distance" ? 0 : 1, negativeMargin = measure === "distance" ? 1 : 0 } = options;
  checkFiniteOption("the contrastive loss", { positiveMargin, negativeMargin });
  const hinge = (terms: Tensor2D, mask: Tensor2D): RowSum => {
    const { sum, count } = hingeSum(terms, mask);
    return { sum, count: reduction === "all" ? tf.sum(countRows(mask)) as Scalar : count };
  };
  return rowLoss({
    title: "the contrastive loss",
    means: 2,
    hinges: { distance: measure === "distance", positiveMargin, negativeMargin, all: reduction === "all" },
    terms: ({ similarity, positive, negative }) => {
      if (measure === "cosine") {
        return [
          hinge(tf.sub(positiveMargin, similarity), positive),
          hinge(tf.sub(similarity, negativeMargin), negative),
        ];
      }
      const distances = unitDistances(similarity);
      return [
        hinge(tf.sub(distances, positiveMargin), positive),
        hinge(tf.sub(negativeMargin, distances), negative),
      ];
    },
  });
}
