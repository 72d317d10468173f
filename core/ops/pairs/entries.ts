/**
 * Single entries of each row.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor1D, Tensor2D } from "../../types.ts";
import { withGradient } from "../custom_gradient.ts";

/**
 * For each row its entries in some columns.
 *
 * The tape holds the columns.
 *
 * @param x `[rows, columns]`
 * @param columns Which to take of each row, int32 `[rows, entries]`.
 * @returns `[rows, entries]`
 *
 * @example
 * ```ts
 * import { entries, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const taken = entries(tf.tensor2d([[1, 2], [3, 4]]), tf.tensor2d([[1], [0]], [2, 1], "int32"));
 * assertEquals(taken.arraySync(), [[2], [3]]);
 * ```
 */
export function entries(x: Tensor2D, columns: Tensor2D): Tensor2D {
  return withGradient([x], (save) => {
    const places = placesOf(columns, x.shape[1]);
    save(() => [places]);
    return {
      value: tf.reshape(tf.gather(tf.reshape(x, [-1]), places), columns.shape),
      pullBack: (dy, [places]) => [scatter(places as Tensor1D, dy as Tensor2D, x.shape)],
    };
  }) as Tensor2D;
}

/** A matrix of zeros but for the entries of each row in some columns; values for the same entry add up. */
export function fromEntries(columns: Tensor2D, values: Tensor2D, width: number): Tensor2D {
  return tf.tidy(() => scatter(placesOf(columns, width), values, [columns.shape[0], width]));
}

function scatter(places: Tensor1D, values: Tensor2D, [rows, columns]: [number, number]): Tensor2D {
  const flat = tf.scatterND(tf.reshape(places, [-1, 1]), tf.reshape(values, [-1]), [rows * columns]);
  return tf.reshape(flat, [rows, columns]);
}

/** Where entries stand in a matrix that is read row after row. */
function placesOf(columns: Tensor2D, width: number): Tensor1D {
  return tf.tidy(() => {
    const [rows, entries] = columns.shape;
    const starts = tf.reshape(tf.range(0, rows * width, width, "int32"), [rows, 1]);
    // Engines are slow at broadcasting integers.
    const before = entries === 1 ? starts : tf.concat(Array(entries).fill(starts) as Tensor2D[], 1);
    return tf.reshape(tf.add(columns, before), [-1]) as Tensor1D;
  });
}
