/**
 * Miners one after the other.
 *
 * @module
 */
import type { Miner } from "../../core/miner.ts";

/**
 * Makes a miner of several: each narrows what the ones before it kept.
 *
 * @example
 * ```ts
 * import { chainMiners, pairMarginMiner, tripletMarginMiner } from "@gradfold/gradfold/samplers";
 * import { key, tiled, useBackend } from "@gradfold/gradfold/core";
 * import { contrastive } from "@gradfold/gradfold/losses";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const miner = chainMiners(pairMarginMiner(), tripletMarginMiner({ kind: "hard" }));
 * const targets = tf.tensor1d([0, 0, 1], "int32");
 * const rows = tf.tensor2d([[1, 0], [1, 0], [0, 1]]);
 * const value = tiled(contrastive(), { miner })([rows], { training: true, key: key(0), targets });
 * // The positives are nearer than 0.2 already.
 * assertEquals(value.dataSync()[0], 0);
 * ```
 */
export function chainMiners(...miners: readonly Miner[]): Miner {
  return (masks, mined) => miners.reduce((kept, miner) => miner(kept, mined), masks);
}
