/**
 * The miner of triplets by margin.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Miner } from "../../core/miner.ts";
import { unitDistances } from "../../core/ops/pairs/mod.ts";
import { checkKind, checkNumbers } from "./_checks.ts";
import { intersect, keepInGap } from "./_gap.ts";
import type { Gap } from "./_window.ts";

/** Which triplets are kept, by how they stand to the margin; see {@linkcode tripletMarginMiner}. */
export type TripletKind = "all" | "hard" | "semihard" | "easy";

/** Options of {@linkcode tripletMarginMiner}. */
export interface TripletMarginMinerOptions {
  /** By how much a negative should be farther than a positive. 0.2 if left out. */
  readonly margin?: number;
  /** Which triplets are kept. All that violate the margin if left out. */
  readonly kind?: TripletKind;
}

const gaps: { readonly [kind in TripletKind]: (margin: number) => Gap } = {
  all: (margin) => [-Infinity, margin],
  hard: () => [-Infinity, 0],
  semihard: (margin) => [0, margin],
  easy: (margin) => [margin, Infinity],
};

/**
 * Keeps the triplets that violate a margin, or some of them.
 *
 * With the gap g = d_an - d_ap of distances on the unit sphere, `all` are those with g ≤ m; of them `hard` have g ≤ 0
 * and `semihard` g > 0; `easy` are the others, g > m. All triplets of the kind are kept: FaceNet's choice of one
 * semi-hard negative for each positive is narrower.
 *
 * The masks keep the pairs that occur in at least one such triplet, which is what a loss over pairs goes by; a loss
 * over triplets tells by `gap` which of their triplets are meant. An anchor's triplets are never listed: the time for R
 * references of which P are positives grows with R, for `semihard` with R log P. `semihard` needs an engine that can be
 * read from synchronously, which webgpu is not.
 *
 * Schroff, Kalenichenko and Philbin, "FaceNet: A unified embedding for face recognition and clustering", 2015.
 *
 * @throws {RangeError} If `margin` is not a finite number of at least 0, or `kind` is none of the four.
 *
 * @example
 * ```ts
 * import { tripletMarginMiner } from "@gradfold/gradfold/samplers";
 * import { key, tiled, useBackend } from "@gradfold/gradfold/core";
 * import { contrastive } from "@gradfold/gradfold/losses";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const targets = tf.tensor1d([0, 0, 1], "int32");
 * const rows = tf.tensor2d([[1, 0], [0, 1], [1, 1]]);
 * const loss = tiled(contrastive(), { miner: tripletMarginMiner({ kind: "hard" }) });
 * // The third row lies between the first two: nearer to both than they are to each other.
 * const value = loss([rows], { training: true, key: key(0), targets });
 * const near = 2 * Math.sin(Math.PI / 8);
 * assertAlmostEquals(value.dataSync()[0]!, Math.SQRT2 + 1 - near, 1e-6);
 * ```
 */
export function tripletMarginMiner(options: TripletMarginMinerOptions = {}): Miner {
  const { margin = 0.2, kind = "all" } = options;
  checkNumbers("triplets by margin", { margin }, 0);
  checkKind("triplets by margin", "kind", kind, Object.keys(gaps));
  const own = gaps[kind](margin);
  return (masks, { cosine }) => {
    const gap = intersect(own, masks.gap);
    return { ...tf.tidy(() => keepInGap(masks, unitDistances(cosine), gap)), gap };
  };
}
