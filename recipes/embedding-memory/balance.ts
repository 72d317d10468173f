/**
 * Weights whose sides have equal shares.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { fill } from "../../core/ops/pairs/masked_log_sum_exp.ts";
import type { Tensor2D } from "../../core/mod.ts";
import type { PairWeight, PairWeights } from "../../losses/mod.ts";

/**
 * Divides the weights of each anchor's positives by their sum, and those of its negatives by theirs: w⁺ / Σ |w⁺| and
 * w⁻ / Σ |w⁻|, or 0 where the sum is 0.
 *
 * An anchor has a few positives in memory and thousands of negatives, so that sums over pairs say more of how many there
 * are than of how they are weighted, and the few are drowned. This keeps the shape of the weight curve, which is what the
 * study is about: how one pair of an anchor weighs beside another one of its kind. What it takes away is how much the two
 * sides weigh beside each other, and one anchor beside another.
 *
 * Sums are of absolute values, as InfoNCE pushes away positives that are nearer than others: those that cancel each other
 * out would make weights of any size.
 */
export function balanced({ positive, negative }: PairWeights): PairWeights {
  return { positive: shares(positive, "positive"), negative: shares(negative, "negative") };
}

/** A weight as a share of the anchor's weights of that side. */
function shares(weight: PairWeight, side: "positive" | "negative"): PairWeight {
  return (similarity, block) => {
    const weights = fill(weight(similarity, block), block[side], 0);
    return tf.divNoNan(weights, tf.sum(tf.abs(weights), 1, true)) as Tensor2D;
  };
}
