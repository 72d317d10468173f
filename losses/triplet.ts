/**
 * The triplet loss.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { untaped } from "../core/_autodiff.ts";
import { withGradient } from "../core/ops/custom_gradient.ts";
import {
  countRows,
  inGap,
  maskedSum,
  softplusSum,
  sumOverPositives,
  tripletSums,
  unitDistances,
} from "../core/ops/pairs/mod.ts";
import { type Block, type RowLoss, rowLoss, type RowSum } from "../core/row_loss.ts";
import type { Scalar, Tensor2D } from "../core/types.ts";
import { checkFiniteOption } from "./_checks.ts";
import { checkMeasure, checkReduction, farness, rowProducts } from "./_measures.ts";

/** Options of {@linkcode triplet}. */
export interface TripletOptions {
  /** How much farther than the positive the negative shall be. 0.05 if left out. */
  readonly margin?: number;
  /** Softplus in place of the positive part; no term is 0 then. False if left out. */
  readonly smooth?: boolean;
  /** Takes the negative's distance from the anchor or from the positive, whichever is less. False if left out. */
  readonly swap?: boolean;
  /** How pairs are compared: by the distance of their rows at length 1 or by their cosine. Distance if left out. */
  readonly measure?: "distance" | "cosine";
  /** What the mean is over: the terms above 0, or all triplets. `nonZero` if left out. */
  readonly reduction?: "nonZero" | "all";
}

/**
 * The triplet loss: a negative shall be farther from an anchor than a positive is.
 *
 * L = mean of max(d_ap - d_an + m, 0) over all triplets of an anchor, another example of its label and one of another
 * label; d is the distance of rows at length 1, or by `measure: "cosine"` the negative cosine. The mean is over the terms
 * above 0 and is 0 if there is none.
 *
 * Takes one matrix `[N, dim]` or several views of the same examples, and labels `[N]` as the targets of the step. Miners of
 * triplets narrow down which count. Time grows with anchors × positives × references, memory as that of a matrix of
 * distances. A row loss: it is evaluated in tiles.
 *
 * Weinberger and Saul, "Distance metric learning for large margin nearest neighbor classification", 2009; Schroff,
 * Kalenichenko and Philbin, "FaceNet: a unified embedding for face recognition and clustering", 2015. `swap`: Balntas et
 * al., "Learning local feature descriptors with triplets and shallow convolutional neural networks", 2016. `smooth`:
 * Hermans, Beyer and Leibe, "In defense of the triplet loss for person re-identification", 2017.
 *
 * @throws {RangeError} If `margin` is not a finite number, or `measure` or `reduction` is unknown.
 *
 * @example
 * ```ts
 * import { triplet } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const targets = tf.tensor1d([0, 0, 1], "int32");
 * const rows = tf.tensor2d([[1, 0], [0, 1], [1, 0]]);
 * const value = triplet({ margin: 0.2 })([rows], { training: true, key: key(0), targets });
 * // The positives are √2 apart; the negative is at distance 0 of the first and √2 of the second.
 * assertAlmostEquals(value.dataSync()[0]!, (Math.SQRT2 + 0.2 + 0.2) / 2, 1e-6);
 * ```
 */
export function triplet(options: TripletOptions = {}): RowLoss {
  const { margin = 0.05, smooth = false, swap = false, measure = "distance", reduction = "nonZero" } = options;
  checkFiniteOption("the triplet loss", { margin });
  checkMeasure("the triplet loss", measure);
  checkReduction("the triplet loss", reduction);
  const all = smooth || reduction === "all";
  return rowLoss({
    title: "the triplet loss",
    terms: (block) => {
      if (swap) return swappedSum(block, { margin, smooth, measure, all });
      const { similarity, gap } = block;
      const unit = gap && measure === "cosine" ? untaped(() => unitDistances(similarity)) : undefined;
      const sums = tripletSums(farness(similarity, measure), block, { margin, smooth }, unit);
      return { sum: sums.sum, count: all ? sums.all : sums.active };
    },
  });
}

interface SwapOptions {
  readonly margin: number;
  readonly smooth: boolean;
  readonly measure: "distance" | "cosine";
  readonly all: boolean;
}

function swappedSum(block: Block, { margin, smooth, measure, all }: SwapOptions): RowSum {
  const { positive, negative, anchors, references, gap } = block;
  const fromAnchor = farness(block.similarity, measure);
  return sumOverPositives({ positive, references, inputs: [fromAnchor, anchors] }, ({ rows, similarity, valid }) => {
    const cosines = rowProducts(anchors, rows);
    const pulled = tf.add(farness(cosines, measure), margin);
    const apart = tf.sub(pulled, lesser(fromAnchor, farness(similarity, measure))) as Tensor2D;
    const kept = !gap ? negative : untaped(() => {
      const gaps = tf.sub(unitDistances(block.similarity), unitDistances(cosines)) as Tensor2D;
      return tf.logicalAnd(negative, inGap(gaps, gap)) as Tensor2D;
    });
    // What is not a number counts, so that it shows.
    const above = untaped(() => tf.logicalAnd(kept, tf.logicalNot(tf.lessEqual(apart, 0))) as Tensor2D);
    const total = (ofRows: Tensor2D) => tf.sum(tf.mul(ofRows, tf.cast(valid, "float32"))) as Scalar;
    return {
      sum: total(smooth ? softplusSum(apart, kept) : maskedSum(apart, above)),
      count: total(countRows(all ? kept : above)),
    };
  });
}

/** The lesser of each two entries, without what makes tf.minimum slow on some engines. The tape holds one mask. */
function lesser(a: Tensor2D, b: Tensor2D): Tensor2D {
  return withGradient([a, b], (save) => {
    save(() => [tf.greater(a, b)]);
    return {
      value: tf.tidy(() => tf.sub(a, tf.relu(tf.sub(a, b)))),
      pullBack: (dy, [other]) => {
        const toOther = tf.mul(dy, tf.cast(other!, "float32"));
        return [tf.sub(dy, toOther), toOther];
      },
    };
  }) as Tensor2D;
}
