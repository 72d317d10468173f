/**
 * How many triplets a pair is in.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { untaped } from "../../_autodiff.ts";
import type { Masks } from "../../pairs/types.ts";
import type { Tensor2D } from "../../types.ts";
import { pairSums } from "./_pair_sums.ts";
import { countRows } from "./masked_sum.ts";
import { eachPositive } from "./positive_slots.ts";
import { inGap, positiveDistances } from "./triplets.ts";

/**
 * For each pair the number of triplets of an anchor, one of its positives and one of its negatives that it is part of.
 *
 * Without a gap a positive pair is in as many triplets as its anchor has negatives, and a negative pair in as many as its
 * anchor has positives. It is not differentiated.
 *
 * @param masks Which columns are positives and negatives, bool `[rows, columns]`, and perhaps the `gap` of triplets.
 * @param distances What a gap is about, `[rows, columns]`.
 * @returns `[rows, columns]`
 *
 * @example
 * ```ts
 * import { tripletCounts, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const [positive, negative] = [[[1, 0, 0]], [[0, 1, 1]]].map((mask) => tf.tensor2d(mask, [1, 3], "bool"));
 * const masks = { positive: positive!, negative: negative! };
 * const distances = tf.tensor2d([[3, 2, 9]]);
 * assertEquals(tripletCounts(masks, distances).arraySync(), [[2, 1, 1]]);
 * assertEquals(tripletCounts({ ...masks, gap: [0, Infinity] }, distances).arraySync(), [[1, 0, 1]]);
 * ```
 */
export function tripletCounts(masks: Masks, distances: Tensor2D): Tensor2D {
  const { positive, negative, gap } = masks;
  return untaped(() => {
    if (gap) return countInGap({ ...masks, gap }, distances);
    const times = (mask: Tensor2D, other: Tensor2D) => tf.mul(tf.cast(mask, "float32"), countRows(other));
    return tf.add(times(positive, negative), times(negative, positive)) as Tensor2D;
  });
}

function countInGap({ positive, negative, gap }: Required<Masks>, distances: Tensor2D): Tensor2D {
  const counts = pairSums(...distances.shape);
  eachPositive(positive, (slot) => {
    const kept = tf.tidy(() => {
      const gaps = tf.sub(distances, positiveDistances(distances, slot)) as Tensor2D;
      return tf.cast(tf.logicalAnd(negative, inGap(gaps, gap)), "float32") as Tensor2D;
    });
    counts.add(slot, kept);
    kept.dispose();
  });
  return tf.add(counts.positives(), counts.negatives());
}
