/**
 * Matrices on top of each other.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor2D } from "../types.ts";
import { withGradient } from "./custom_gradient.ts";

/**
 * Puts matrices of the same width on top of each other. The tape holds nothing, where `tf.concat` would hold all of them.
 *
 * @param matrices Each `[rows, dim]`; at least one.
 * @returns `[all rows, dim]`, a tensor of its own also for a single matrix.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { stackRows, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const stacked = stackRows([tf.tensor2d([[1, 2]]), tf.tensor2d([[3, 4], [5, 6]])]);
 * assertEquals(stacked.arraySync(), [[1, 2], [3, 4], [5, 6]]);
 * ```
 */
export function stackRows(matrices: readonly Tensor2D[]): Tensor2D {
  return withGradient(matrices, () => ({
    value: tf.concat([...matrices], 0),
    pullBack: (dy) => {
      let first = 0;
      return matrices.map(({ shape: [rows, dim] }) => {
        first += rows;
        return tf.slice(dy as Tensor2D, [first - rows, 0], [rows, dim]);
      });
    },
  })) as Tensor2D;
}
