/**
 * The miner of pairs beyond margins.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Miner } from "../../core/miner.ts";
import { unitDistances } from "../../core/ops/pairs/mod.ts";
import type { Tensor2D } from "../../core/types.ts";
import { checkNumbers } from "./_checks.ts";

/** Options of {@linkcode pairMarginMiner}. */
export interface PairMarginMinerOptions {
  /** The distance that positives must be above. 0.2 if left out. */
  readonly positiveMargin?: number;
  /** The distance that negatives must be below. 0.8 if left out. */
  readonly negativeMargin?: number;
}

/**
 * Keeps the positives that are too far and the negatives that are too near: those with d_ap > m⁺ and with d_an < m⁻.
 *
 * Distances are those on the unit sphere, from 0 to 2. Each pair is judged alone, so an anchor may keep pairs of one
 * kind only.
 *
 * @throws {RangeError} If a margin is not a finite number.
 *
 * @example
 * ```ts
 * import { pairMarginMiner } from "@gradfold/gradfold/samplers";
 * import { key, tiled, useBackend } from "@gradfold/gradfold/core";
 * import { contrastive } from "@gradfold/gradfold/losses";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const targets = tf.tensor1d([0, 0, 1], "int32");
 * const rows = tf.tensor2d([[1, 0], [0, 1], [1, 0]]);
 * const loss = tiled(contrastive({ negativeMargin: 2 }), { miner: pairMarginMiner() });
 * // The positives are √2 apart; of the negatives only the equal ones are near enough.
 * const value = loss([rows], { training: true, key: key(0), targets });
 * assertAlmostEquals(value.dataSync()[0]!, Math.SQRT2 + 2, 1e-6);
 * ```
 */
export function pairMarginMiner(options: PairMarginMinerOptions = {}): Miner {
  const { positiveMargin = 0.2, negativeMargin = 0.8 } = options;
  checkNumbers("by margins", { positiveMargin, negativeMargin });
  return (masks, { cosine }) => ({
    ...masks,
    ...tf.tidy(() => {
      const distances = unitDistances(cosine);
      return {
        positive: tf.logicalAnd(masks.positive, tf.greater(distances, positiveMargin)) as Tensor2D,
        negative: tf.logicalAnd(masks.negative, tf.less(distances, negativeMargin)) as Tensor2D,
      };
    }),
  });
}
