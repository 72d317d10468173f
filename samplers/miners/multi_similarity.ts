/**
 * The miner of the multi-similarity loss.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Miner } from "../../core/miner.ts";
import { fill } from "../../core/ops/pairs/masked_log_sum_exp.ts";
import type { Tensor2D } from "../../core/types.ts";
import { checkNumbers } from "./_checks.ts";
import { FAR } from "./_places.ts";

/** Options of {@linkcode multiSimilarityMiner}. */
export interface MultiSimilarityMinerOptions {
  /** How far from the hardest pair of the other kind a pair may be, as a cosine. 0.1 if left out. */
  readonly epsilon?: number;
}

/**
 * Keeps the pairs that the hardest pair of the other kind shows to be hard.
 *
 * With s the cosine, a positive p of anchor a is kept if s_ap - ε < max_n s_an, and a negative n if s_an + ε > min_p
 * s_ap. An anchor without a positive or without a negative keeps nothing.
 *
 * Wang et al., "Multi-similarity loss with general pair weighting for deep metric learning", 2019.
 *
 * @throws {RangeError} If `epsilon` is not a finite number.
 *
 * @example
 * ```ts
 * import { multiSimilarityMiner } from "@gradfold/gradfold/samplers";
 * import { key, tiled, useBackend } from "@gradfold/gradfold/core";
 * import { contrastive } from "@gradfold/gradfold/losses";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const targets = tf.tensor1d([0, 0, 1], "int32");
 * const rows = tf.tensor2d([[1, 0], [3, 1], [-1, 0]]);
 * const loss = tiled(contrastive(), { miner: multiSimilarityMiner() });
 * // The third row is farther from the others than they are from each other, by more than the margin.
 * assertEquals(loss([rows], { training: true, key: key(0), targets }).dataSync()[0], 0);
 * ```
 */
export function multiSimilarityMiner(options: MultiSimilarityMinerOptions = {}): Miner {
  const { epsilon = 0.1 } = options;
  checkNumbers("by multi-similarity", { epsilon });
  return (masks, { cosine }) => ({
    ...masks,
    ...tf.tidy(() => {
      // What is no such pair lies so far off that it passes no threshold.
      const positives = fill(cosine, masks.positive, FAR);
      const negatives = fill(cosine, masks.negative, -FAR);
      return {
        positive: tf.less(tf.sub(positives, tf.max(negatives, 1, true)), epsilon) as Tensor2D,
        negative: tf.greater(tf.sub(negatives, tf.min(positives, 1, true)), -epsilon) as Tensor2D,
      };
    }),
  });
}
