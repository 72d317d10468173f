/**
 * The triplet loss with one negative for each positive.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { untaped } from "../core/_autodiff.ts";
import { anyInRow, eachPositive, entries } from "../core/ops/pairs/mod.ts";
import { fill } from "../core/ops/pairs/masked_log_sum_exp.ts";
import { FAR } from "../core/ops/pairs/masked_max.ts";
import { type RowLoss, rowLoss } from "../core/row_loss.ts";
import type { Scalar, Tensor2D, Tensor3D } from "../core/types.ts";
import { checkFiniteOption } from "./_checks.ts";
import { checkMeasure, farness } from "./_measures.ts";

/** Options of {@linkcode semiHardTriplet}. */
export interface SemiHardTripletOptions {
  /** How much farther than the positive the negative shall be. 0.2 if left out. */
  readonly margin?: number;
  /** Softplus in place of the positive part. False if left out. */
  readonly smooth?: boolean;
  /** How pairs are compared: by the distance of their rows at length 1 or by their cosine. Distance if left out. */
  readonly measure?: "distance" | "cosine";
}

/**
 * The triplet loss with semi-hard negatives: each positive meets the nearest of the negatives that are farther than it.
 *
 * L = mean over pairs of an anchor and a positive of max(d_ap - d_an + m, 0), where n is the nearest negative with d_an >
 * d_ap, or the farthest negative if there is none; d is the distance of rows at length 1, or by `measure: "cosine"` the
 * negative cosine. Pairs whose anchor has no negative are left out; the loss is 0 if there is none.
 *
 * The form of TensorFlow Addons and sentence-transformers, which divide by the number of positive pairs; a miner of
 * semi-hard triplets before {@linkcode triplet} keeps every negative within the margin instead. With the squared distances
 * of FaceNet the margin is twice that by cosine.
 *
 * Takes one matrix `[N, dim]` or several views of the same examples, and labels `[N]` as the targets of the step. It
 * chooses triplets by itself, so that the `gap` of a miner of triplets plays no part. A row loss: it is evaluated in tiles,
 * in time proportional to anchors × positives × references.
 *
 * Schroff, Kalenichenko and Philbin, "FaceNet: a unified embedding for face recognition and clustering", 2015.
 *
 * @throws {RangeError} If `margin` is not a finite number or `measure` is unknown.
 *
 * @example
 * ```ts
 * import { semiHardTriplet } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const targets = tf.tensor1d([0, 0, 1, 2], "int32");
 * const rows = tf.tensor2d([[1, 0], [1, 0], [0, 1], [-1, 0]]);
 * const value = semiHardTriplet({ margin: 1.5 })([rows], { training: true, key: key(0), targets });
 * // The positives have distance 0; of the negatives at √2 and 2 the nearer one counts.
 * assertAlmostEquals(value.dataSync()[0]!, 1.5 - Math.SQRT2, 1e-6);
 * ```
 */
export function semiHardTriplet(options: SemiHardTripletOptions = {}): RowLoss {
  const { margin = 0.2, smooth = false, measure = "distance" } = options;
  checkFiniteOption("the semi-hard triplet loss", { margin });
  checkMeasure("the semi-hard triplet loss", measure);
  return rowLoss({
    title: "the semi-hard triplet loss",
    terms: ({ similarity, positive, negative }) => {
      const distances = farness(similarity, measure);
      const [positives, negatives, valid] = tf.unstack(untaped(() => choose(distances, positive, negative)));
      const apart = tf.sub(entries(distances, positives as Tensor2D), entries(distances, negatives as Tensor2D));
      const x = tf.add(apart, margin);
      const weights = tf.cast(valid!, "float32");
      const sum = tf.sum(tf.mul(smooth ? tf.softplus(x) : tf.relu(x), weights)) as Scalar;
      return { sum, count: tf.sum(weights) as Scalar };
    },
  });
}

/** For each positive of each anchor its column, that of its negative, and whether there are both, int32 `[3, rows, slots]`. */
function choose(distances: Tensor2D, positive: Tensor2D, negative: Tensor2D): Tensor3D {
  const some = tf.cast(anyInRow(negative), "bool");
  const farthest = tf.argMax(fill(distances, negative, -FAR), 1);
  const slots: Tensor2D[] = [];
  eachPositive(positive, ({ index, valid }) => {
    slots.push(tf.tidy(() => {
      const gaps = tf.sub(distances, entries(distances, tf.reshape(index, valid.shape)));
      const beyond = tf.logicalAnd(negative, tf.greater(gaps, 0));
      const nearest = tf.argMin(fill(distances, beyond as Tensor2D, FAR), 1);
      const chosen = tf.where(tf.any(beyond, 1), nearest, farthest);
      return tf.stack([index, chosen, tf.cast(tf.reshape(tf.logicalAnd(valid, some), index.shape), "int32")]);
    }) as Tensor2D);
  });
  return slots.length === 0 ? tf.zeros([3, distances.shape[0], 1], "int32") : tf.stack(slots, 2) as Tensor3D;
}
