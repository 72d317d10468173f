/**
 * Pairs that occur in a triplet whose gap lies within bounds.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { fill } from "../../core/ops/pairs/masked_log_sum_exp.ts";
import type { Masks } from "../../core/pairs/types.ts";
import type { Tensor2D } from "../../core/types.ts";
import { FAR } from "./_places.ts";
import { type Gap, keepInWindow, type PairMasks } from "./_window.ts";

/** The gaps that lie within both bounds. */
export function intersect(one: Gap, other: Gap | undefined): Gap {
  return other ? [Math.max(one[0], other[0]), Math.min(one[1], other[1])] : one;
}

/** Keeps the pairs that occur in a triplet with above < d_an - d_ap ≤ atMost. */
export function keepInGap(masks: Masks, distances: Tensor2D, gap: Gap): PairMasks {
  const [above, atMost] = gap;
  if (above === -Infinity) return keepAtMost(masks, distances, atMost);
  if (atMost === Infinity) return keepAbove(masks, distances, above);
  return keepInWindow(masks, distances, gap);
}

/** With one bound a pair's best partner is the same for all: the nearest negative and the farthest positive. */
function keepAtMost({ positive, negative }: Masks, distances: Tensor2D, atMost: number): PairMasks {
  return tf.tidy(() => {
    const [positives, negatives] = [fill(distances, positive, -FAR), fill(distances, negative, FAR)];
    return {
      positive: tf.lessEqual(tf.sub(tf.min(negatives, 1, true), positives), atMost) as Tensor2D,
      negative: tf.lessEqual(tf.sub(negatives, tf.max(positives, 1, true)), atMost) as Tensor2D,
    };
  });
}

/** The same from above: the farthest negative and the nearest positive. */
function keepAbove({ positive, negative }: Masks, distances: Tensor2D, above: number): PairMasks {
  return tf.tidy(() => {
    const [positives, negatives] = [fill(distances, positive, FAR), fill(distances, negative, -FAR)];
    return {
      positive: tf.greater(tf.sub(tf.max(negatives, 1, true), positives), above) as Tensor2D,
      negative: tf.greater(tf.sub(negatives, tf.min(positives, 1, true)), above) as Tensor2D,
    };
  });
}
