/**
 * Negatives drawn by their distance.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { fold, type Key } from "../../core/key.ts";
import type { Miner } from "../../core/miner.ts";
import { anyInRow } from "../../core/ops/pairs/mod.ts";
import { fill } from "../../core/ops/pairs/masked_log_sum_exp.ts";
import { uniform } from "../../core/stream.ts";
import type { Tensor2D } from "../../core/types.ts";
import { checkNumbers } from "./_checks.ts";
import { entryAt, FAR, firstPlace } from "./_places.ts";

/** Options of {@linkcode distanceWeightedMiner}. */
export interface DistanceWeightedMinerOptions {
  /** Negatives nearer than this distance are weighted as if they were so far. 0.5 if left out. */
  readonly cutoff?: number;
  /** Negatives of this distance and farther are not drawn. 1.4 if left out. */
  readonly nonZeroCutoff?: number;
  /** How many times each anchor draws; what it draws again counts once. 1 if left out. */
  readonly draws?: number;
}

const title = "by distance weights";

/**
 * Draws negatives so that all distances are about equally likely, and keeps all positives.
 *
 * An anchor draws negative n with a probability ∝ 1/q(max(d_an, cutoff)) if d_an < nonZeroCutoff, with the density of
 * distances between random points of the unit sphere q(d) ∝ d^(dim-2) (1 - d²/4)^((dim-3)/2). One negative is drawn for
 * each anchor, so each positive pair has one, which an anchor's pairs share; `draws` gives them more, and then all of
 * an anchor's positives meet all that it drew. An anchor without a positive, or with no negative that is near enough,
 * keeps nothing.
 *
 * Each anchor draws from a stream of its own, which the step's key and the anchor's number address.
 *
 * Wu et al., "Sampling matters in deep embedding learning", 2017.
 *
 * @throws {RangeError} If `cutoff` is not a finite number above 0, `nonZeroCutoff` not one above `cutoff`, or `draws`
 * not an integer of at least 1.
 *
 * @example
 * ```ts
 * import { distanceWeightedMiner } from "@gradfold/gradfold/samplers";
 * import { key, tiled, useBackend } from "@gradfold/gradfold/core";
 * import { contrastive } from "@gradfold/gradfold/losses";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const targets = tf.tensor1d([0, 0, 1, 2], "int32");
 * const rows = tf.tensor2d([[1, 0], [1, 0], [1, 1], [-1, 0]]);
 * const loss = tiled(contrastive(), { miner: distanceWeightedMiner() });
 * // Only the third row is near enough to be drawn, and it has no positive of its own.
 * const value = loss([rows], { training: true, key: key(0), targets });
 * assertAlmostEquals(value.dataSync()[0]!, 1 - 2 * Math.sin(Math.PI / 8), 1e-6);
 * ```
 */
export function distanceWeightedMiner(options: DistanceWeightedMinerOptions = {}): Miner {
  const { cutoff = 0.5, nonZeroCutoff = 1.4, draws = 1 } = options;
  check(cutoff, nonZeroCutoff, draws);
  return (masks, { first, cosine, references, key }) => ({
    ...masks,
    ...tf.tidy(() => {
      const near = tf.greater(cosine, 1 - nonZeroCutoff ** 2 / 2);
      const candidates = tf.logicalAnd(masks.negative, near) as Tensor2D;
      const sums = cumulativeWeights(cosine, candidates, references.shape[1], cutoff);
      const drawing = tf.mul(anyInRow(masks.positive), anyInRow(candidates)) as Tensor2D;
      const negative = draw(sums, drawing, shares(key, first, cosine.shape[0], draws));
      const positive = tf.greater(tf.mul(tf.cast(masks.positive, "float32"), drawing), 0) as Tensor2D;
      // An engine that sums in parallel may step up, by rounding, at an entry of weight 0.
      return { positive, negative: tf.logicalAnd(negative, candidates) as Tensor2D };
    }),
  });
}

/** Sums of the weights of the entries up to each, those of other entries being 0; the greatest weight of a row is 1. */
function cumulativeWeights(cosine: Tensor2D, candidates: Tensor2D, dim: number, cutoff: number): Tensor2D {
  return tf.tidy(() => {
    // With d² = 2 - 2s and 1 - d²/4 = (1 + s)/2, up to a factor; the density is 0 at s = -1.
    const s = tf.clipByValue(cosine, 2 ** -20 - 1, 1 - cutoff ** 2 / 2);
    const byDistance = tf.mul(tf.log(tf.sub(1, s)), (2 - dim) / 2);
    const logarithms = tf.add(byDistance, tf.mul(tf.log(tf.add(1, s)), (3 - dim) / 2)) as Tensor2D;
    const filled = fill(logarithms, candidates, -FAR);
    return tf.cumsum(tf.exp(tf.sub(filled, tf.max(filled, 1, true))), 1) as Tensor2D;
  });
}

/** For each share the first entry at which the sums reach it. */
function draw(sums: Tensor2D, drawing: Tensor2D, shares: readonly Tensor2D[]): Tensor2D {
  const [rows, columns] = sums.shape;
  const totals = tf.slice(sums, [0, columns - 1], [rows, 1]);
  const masks = shares.map((share) =>
    tf.tidy(() => {
      const reached = tf.greaterEqual(tf.sub(sums, tf.mul(totals, share)), 0) as Tensor2D;
      return entryAt(tf.mul(firstPlace(reached), drawing), columns);
    })
  );
  return masks.reduce((drawn, mask) => tf.logicalOr(drawn, mask));
}

/** Uniform numbers above 0, up to 1, `[rows, 1]` for each draw. */
function shares(key: Key, first: number, rows: number, draws: number): Tensor2D[] {
  const numbers = Int32Array.from({ length: rows }, (_, i) => first + i);
  const drawn = tf.tensor2d(uniform(fold(key, "distance weights"), numbers, draws), [rows, draws]);
  return tf.split(tf.sub(1, drawn), draws, 1) as Tensor2D[];
}

function check(cutoff: number, nonZeroCutoff: number, draws: number): void {
  checkNumbers(title, { cutoff, nonZeroCutoff });
  if (cutoff <= 0) throw new RangeError(`Cannot mine ${title}: cutoff is ${cutoff}, expected a number above 0`);
  if (nonZeroCutoff <= cutoff) {
    throw new RangeError(
      `Cannot mine ${title}: nonZeroCutoff is ${nonZeroCutoff}, expected a number above the cutoff, ${cutoff}`,
    );
  }
  if (!Number.isInteger(draws) || draws < 1) {
    throw new RangeError(`Cannot mine ${title}: draws is ${draws}, expected an integer of at least 1`);
  }
}
