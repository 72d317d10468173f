/**
 * One entry of each row.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor2D } from "../../core/types.ts";

/** Beyond every cosine and distance, and small enough that sums of it are finite. */
export const FAR = 1e30;

/**
 * Where a mask first holds in each row, `[rows, 1]`: the place counted from the end, so 1 for the last column, and 0
 * for a row in which it does not hold.
 */
export function firstPlace(mask: Tensor2D): Tensor2D {
  return tf.tidy(() => tf.max(tf.mul(tf.cast(mask, "float32"), places(mask.shape[1])), 1, true));
}

/** The mask that holds in one place of each row, as {@linkcode firstPlace} counts them; nowhere for place 0. */
export function entryAt(place: Tensor2D, columns: number): Tensor2D {
  return tf.tidy(() => tf.equal(place, places(columns)) as Tensor2D);
}

function places(columns: number): Tensor2D {
  return tf.reshape(tf.range(columns, 0, -1), [1, columns]);
}
