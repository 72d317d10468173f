/**
 * Addition that leaves nothing on the tape.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../types.ts";
import { alias, withGradient } from "./custom_gradient.ts";
import { sumOverRows } from "./_sum_rows.ts";

/**
 * Adds a tensor to every entry along the leading axes of another: a bias, a table of positions, a residual branch.
 *
 * `tf.add` keeps both of its inputs for the backward pass; this op keeps none.
 *
 * @param x The tensor, `[...leading, ...shape]`.
 * @param y What is added, `[...shape]`.
 * @returns `x + y`, of x's shape.
 * @throws {RangeError} If y's shape is not how x's shape ends.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { broadcastAdd, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * assertEquals(broadcastAdd(tf.tensor2d([[1, 2], [3, 4]]), tf.tensor1d([10, 20])).arraySync(), [[11, 22], [13, 24]]);
 * ```
 */
export function broadcastAdd(x: Tensor, y: Tensor): Tensor {
  const leading = x.rank - y.rank;
  if (leading < 0 || y.shape.some((length, axis) => length !== x.shape[leading + axis])) {
    throw new RangeError(
      `Cannot add: shapes are [${x.shape}] and [${y.shape}], expected the first to end in the second`,
    );
  }
  return withGradient([x, y], () => ({
    value: tf.add(x, y),
    pullBack: (dz) => [
      alias(dz),
      leading === 0 ? alias(dz) : tf.reshape(sumOverRows(tf.reshape(dz, [-1, y.size])), y.shape),
    ],
  }));
}
