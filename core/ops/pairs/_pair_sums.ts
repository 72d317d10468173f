/**
 * What triplets add up to for the pairs that they are made of.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor2D } from "../../types.ts";
import { fromEntries } from "./entries.ts";
import type { PositiveSlot } from "./positive_slots.ts";

/** Sums of a weight of triplets. */
export interface PairSums {
  /** Adds the triplets of one positive of each anchor: a weight for each negative, `[rows, columns]`. */
  add(slot: PositiveSlot, weights: Tensor2D): void;
  /** The sum for each positive pair, zeros elsewhere, `[rows, columns]`. */
  positives(): Tensor2D;
  /** The sum for each negative pair, `[rows, columns]`. */
  negatives(): Tensor2D;
}

/** Opens sums for pairs; the scope that they are made in disposes what they hold. */
export function pairSums(rows: number, columns: number): PairSums {
  const places: Tensor2D[] = [tf.zeros([rows, 1], "int32")];
  const sums: Tensor2D[] = [tf.zeros([rows, 1])];
  let negatives = tf.zeros([rows, columns]) as Tensor2D;
  return {
    add({ index }, weights) {
      places.push(tf.reshape(index, [rows, 1]));
      sums.push(tf.sum(weights, 1, true));
      const before = negatives;
      negatives = tf.add(before, weights);
      before.dispose();
    },
    positives: () => fromEntries(tf.concat(places, 1), tf.concat(sums, 1), columns),
    negatives: () => negatives,
  };
}
