/**
 * Functions of the rows of a matrix that keep little on the tape.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { pullback } from "../../_autodiff.ts";
import type { Tensor2D } from "../../types.ts";
import { withGradient } from "../custom_gradient.ts";

/**
 * One number for each row of a matrix, of any number of ops.
 *
 * They are differentiated at once, on a tape of their own. The tape outside holds one matrix, the slopes.
 *
 * @param x `[rows, columns]`
 * @param run Computes a number for each row from that row alone, `[rows, 1]`.
 * @returns `[rows, 1]`
 *
 * @example
 * ```ts
 * import { rowFunction, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const norm = (x: tf.Tensor2D) => rowFunction(x, (x) => tf.sqrt(tf.sum(tf.square(x), 1, true)));
 * assertAlmostEquals(norm(tf.tensor2d([[3, 4]])).dataSync()[0]!, 5, 1e-6);
 * ```
 */
export function rowFunction(x: Tensor2D, run: (x: Tensor2D) => Tensor2D): Tensor2D {
  return withGradient([x], (save) => {
    let value: Tensor2D | undefined;
    save(() => {
      const found = pullback(() => run(x), () => [x]);
      value = found.value;
      return [found.gradients[0] ?? tf.zerosLike(x)];
    });
    value ??= run(x);
    return { value, pullBack: (dy, [slopes]) => [tf.mul(slopes!, dy)] };
  }) as Tensor2D;
}
