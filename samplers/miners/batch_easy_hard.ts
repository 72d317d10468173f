/**
 * One triplet of each anchor, by how easy its pairs are.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Miner } from "../../core/miner.ts";
import { unitDistances } from "../../core/ops/pairs/mod.ts";
import { fill } from "../../core/ops/pairs/masked_log_sum_exp.ts";
import type { Tensor2D } from "../../core/types.ts";
import { checkKind, checkNumbers } from "./_checks.ts";
import { entryAt, FAR, firstPlace } from "./_places.ts";

/** Which positive or negative of an anchor is kept; see {@linkcode batchEasyHardMiner}. */
export type PairKind = "easy" | "hard" | "semihard" | "all";

/** Options of {@linkcode batchEasyHardMiner}. */
export interface BatchEasyHardMinerOptions {
  /** Which positive is kept. The easy one if left out. */
  readonly positive?: PairKind;
  /** Which negative is kept. The semi-hard one if left out. */
  readonly negative?: PairKind;
  /** The least and the greatest distance that positives may have. Any if left out. */
  readonly positiveRange?: readonly [least: number, greatest: number];
  /** The least and the greatest distance that negatives may have. Any if left out. */
  readonly negativeRange?: readonly [least: number, greatest: number];
}

const title = "easy and hard pairs";
const kinds: readonly PairKind[] = ["easy", "hard", "semihard", "all"];

/**
 * Keeps for each anchor one positive and one negative, or all of one kind.
 *
 * The easy positive is the nearest, the hard one the farthest, and the semi-hard one the farthest that is nearer than
 * the chosen negative. The easy negative is the farthest, the hard one the nearest, and the semi-hard one the nearest
 * that is farther than the chosen positive. Semi-hard thus needs one pair of the other kind, easy or hard. By default
 * positives are easy and negatives semi-hard, which leaves classes free to have several modes.
 *
 * An anchor for which one of the two is not found keeps nothing; with `all` the two kinds do not depend on each other.
 * Cosines that differ by less than 2⁻²¹ √dim count as equal, as float32 cannot tell them apart; of pairs that tie the
 * first is kept. Ranges are of distances on the unit sphere, from 0 to 2, and their ends belong to them.
 *
 * Xuan, Stylianou and Pless, "Improved embeddings with easy positive triplet mining", 2020.
 *
 * @throws {RangeError} If a kind is none of the four, semi-hard goes with semi-hard or all, or a range does not hold
 * two finite numbers, the lesser first.
 *
 * @example
 * ```ts
 * import { batchEasyHardMiner } from "@gradfold/gradfold/samplers";
 * import { key, tiled, useBackend } from "@gradfold/gradfold/core";
 * import { contrastive } from "@gradfold/gradfold/losses";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const targets = tf.tensor1d([0, 0, 0, 1], "int32");
 * const rows = tf.tensor2d([[1, 0], [0, 1], [-1, 0], [0, -1]]);
 * const loss = tiled(contrastive(), { miner: batchEasyHardMiner({ negative: "easy" }) });
 * // Each anchor's nearest positive is √2 away.
 * const value = loss([rows], { training: true, key: key(0), targets });
 * assertAlmostEquals(value.dataSync()[0]!, Math.SQRT2, 1e-6);
 * ```
 */
export function batchEasyHardMiner(options: BatchEasyHardMinerOptions = {}): Miner {
  const { positive = "easy", negative = "semihard", positiveRange, negativeRange } = options;
  check(positive, negative, { positiveRange, negativeRange });
  return (masks, { cosine, anchors }) => ({
    ...masks,
    ...tf.tidy(() => {
      const tie = 2 ** -21 * Math.sqrt(anchors.shape[1]);
      const positives = inRange(masks.positive, cosine, positiveRange);
      const negatives = inRange(masks.negative, cosine, negativeRange);
      const one = (mask: Tensor2D, end: "nearest" | "farthest") => choose(cosine, mask, end, tie);
      const above = (x: Tensor2D, y: Tensor2D) => tf.greater(tf.sub(x, y), tie);

      let p = isExtreme(positive) ? one(positives, positive === "easy" ? "nearest" : "farthest") : undefined;
      let n = isExtreme(negative) ? one(negatives, negative === "easy" ? "farthest" : "nearest") : undefined;
      if (positive === "semihard") p = one(tf.logicalAnd(positives, above(cosine, n!.cosine)), "farthest");
      if (negative === "semihard") n = one(tf.logicalAnd(negatives, above(p!.cosine, cosine)), "nearest");

      const [rows, columns] = cosine.shape;
      const both = p && n ? tf.cast(tf.greater(tf.mul(p.place, n.place), 0), "float32") : tf.ones([rows, 1]);
      const kept = (chosen: Chosen | undefined, all: Tensor2D) =>
        chosen ? entryAt(tf.mul(chosen.place, both), columns) : all;
      return { positive: kept(p, positives), negative: kept(n, negatives) };
    }),
  });
}

interface Chosen {
  /** Where it is, as `firstPlace` counts. */
  readonly place: Tensor2D;
  /** Its cosine, `[rows, 1]`. */
  readonly cosine: Tensor2D;
}

/** The first of each row's nearest or farthest entries where a mask holds. */
function choose(cosine: Tensor2D, mask: Tensor2D, end: "nearest" | "farthest", tie: number): Chosen {
  const sign = end === "nearest" ? 1 : -1;
  const candidates = fill(sign === 1 ? cosine : tf.neg(cosine), mask, -FAR);
  const best = tf.max(candidates, 1, true) as Tensor2D;
  const tied = tf.greater(tf.sub(candidates, best), -tie) as Tensor2D;
  const found = tf.cast(tf.greater(best, -FAR / 2), "float32");
  return { place: tf.mul(firstPlace(tied), found), cosine: tf.mul(best, sign) };
}

function inRange(mask: Tensor2D, cosine: Tensor2D, range: readonly [number, number] | undefined): Tensor2D {
  if (!range) return mask;
  const [least, greatest] = range;
  return tf.tidy(() => {
    // Rounding may take a cosine out of the greatest range.
    const distances = unitDistances(tf.clipByValue(cosine, -1, 1));
    const within = tf.logicalAnd(tf.greaterEqual(distances, least), tf.lessEqual(distances, greatest));
    return tf.logicalAnd(mask, within) as Tensor2D;
  });
}

function isExtreme(kind: PairKind): boolean {
  return kind === "easy" || kind === "hard";
}

function check(
  positive: PairKind,
  negative: PairKind,
  ranges: { readonly [name: string]: readonly [number, number] | undefined },
): void {
  checkKind(title, "positive", positive, kinds);
  checkKind(title, "negative", negative, kinds);
  if (positive === "semihard" && !isExtreme(negative) || negative === "semihard" && !isExtreme(positive)) {
    throw new RangeError(
      `Cannot mine ${title}: positive is ${positive} and negative is ${negative}, expected easy or hard beside semihard`,
    );
  }
  for (const [name, range] of Object.entries(ranges)) {
    if (!range) continue;
    const [least, greatest] = range;
    checkNumbers(title, { [`${name}[0]`]: least });
    checkNumbers(title, { [`${name}[1]`]: greatest }, least);
  }
}
