/**
 * Means whose terms come in tiles.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { untaped } from "../_autodiff.ts";
import { sumOverRows } from "../ops/_sum_rows.ts";
import type { RowLossOptions, RowSum } from "../row_loss.ts";
import type { Scalar, Tensor, Tensor1D, Tensor2D } from "../types.ts";

/** The sums of a tile and behind each its count, `[2 × means]`; no gradient flows into the counts. */
export function packTerms(
  terms: RowSum | readonly RowSum[],
  { title, means = 1 }: Pick<RowLossOptions, "title" | "means">,
): Tensor1D {
  const flat = [terms].flat() as RowSum[];
  if (flat.length !== means) {
    throw new RangeError(`Cannot compute ${title}: its terms are ${flat.length} sums, expected ${means}; set means`);
  }
  return tf.stack(flat.flatMap(({ sum, count }) => [
    sum,
    typeof count === "number" ? tf.scalar(count) : untaped(() => tf.cast(count, "float32")),
  ])) as Tensor1D;
}

/** The cotangent of packed terms: a weight for each sum and none for the counts. */
export function termWeights(factors: Tensor1D): Tensor1D {
  return tf.reshape(tf.stack([factors, tf.zerosLike(factors)], 1), [-1]);
}

/** What terms of all tiles come to. */
export interface Total {
  /** The sum of the means. */
  readonly value: Scalar;
  /** For each mean the reciprocal of its count, 0 where there is no term, `[means]`. */
  readonly factors: Tensor1D;
}

/** Adds up the packed terms of all tiles. */
export function addUp(tiles: readonly Tensor1D[]): Total {
  return tf.tidy(() => {
    const sums = tf.reshape(sumOverRows(tf.stack([...tiles]) as Tensor2D), [-1, 2]);
    const [terms, counts] = tf.unstack(sums, 1) as [Tensor1D, Tensor1D];
    const none = tf.lessEqual(counts, 0);
    const factors = tf.where(none, tf.zerosLike(counts), tf.div(1, tf.where(none, tf.onesLike(counts), counts)));
    return { value: tf.sum(tf.mul(terms, factors)) as Scalar, factors: factors as Tensor1D };
  });
}

/** The sum of a tensor's gradients over tiles. */
export interface GradientSum {
  /** Adds a gradient and takes it over. */
  add(gradient: Tensor): void;
  /** The sum, zeros if there are none, times a factor. */
  times(factor: Tensor): Tensor;
}

/** Gradients that wait to be added up: a long sum in a row would lose digits, and all of them would take memory. */
const WAITING = 8;

/** Makes a sum of no gradients of a tensor. */
export function gradientSum(of: Tensor): GradientSum {
  // Level by level, like the digits of a number: each holds sums of eight of the level below.
  const levels: Tensor[][] = [];
  const add = (gradient: Tensor, level: number) => {
    const waiting = levels[level] ??= [];
    waiting.push(gradient);
    if (waiting.length < WAITING) return;
    const sum = tf.addN(waiting);
    tf.dispose(waiting);
    levels[level] = [];
    add(sum, level + 1);
  };
  return {
    add: (gradient) => add(gradient, 0),
    times: (factor) =>
      tf.tidy(() => {
        const parts = levels.flat();
        return parts.length === 0 ? tf.zerosLike(of) : tf.mul(tf.addN(parts), factor);
      }),
  };
}
