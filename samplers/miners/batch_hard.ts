/**
 * The hardest triplet of each anchor.
 *
 * @module
 */
import type { Miner } from "../../core/miner.ts";
import { batchEasyHardMiner } from "./batch_easy_hard.ts";

/**
 * Keeps for each anchor its farthest positive and its nearest negative.
 *
 * An anchor without a positive or without a negative keeps nothing. Of pairs that tie, as {@linkcode
 * batchEasyHardMiner} has it, the first is kept.
 *
 * Hermans, Beyer and Leibe, "In defense of the triplet loss for person re-identification", 2017.
 *
 * @example
 * ```ts
 * import { batchHardMiner } from "@gradfold/gradfold/samplers";
 * import { key, tiled, useBackend } from "@gradfold/gradfold/core";
 * import { contrastive } from "@gradfold/gradfold/losses";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const targets = tf.tensor1d([0, 0, 0, 1], "int32");
 * const rows = tf.tensor2d([[1, 0], [0, 1], [-1, 0], [0, -1]]);
 * const loss = tiled(contrastive(), { miner: batchHardMiner() });
 * // The farthest positives are 2, √2 and 2 away, the negatives beyond the margin; the fourth row has no positive.
 * const value = loss([rows], { training: true, key: key(0), targets });
 * assertAlmostEquals(value.dataSync()[0]!, (4 + Math.SQRT2) / 3, 1e-6);
 * ```
 */
export function batchHardMiner(): Miner {
  return batchEasyHardMiner({ positive: "hard", negative: "hard" });
}
