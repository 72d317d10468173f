/**
 * Distances from cosines.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor2D } from "../../types.ts";
import { withGradient } from "../custom_gradient.ts";

/** Squared distances that float32 cannot tell from 0: what rounding makes of the cosine of a row with its copy, and a margin. */
const NOISE = 2 ** -18;

/**
 * Euclidean distances on the unit sphere, √(2 - 2s), of rows with cosines s.
 *
 * Where rows are so close that float32 cannot tell them apart the distance is 0 and has no gradient. The tape holds one
 * matrix.
 *
 * @param cosines `[rows, columns]`
 * @returns `[rows, columns]`
 *
 * @example
 * ```ts
 * import { unitDistances, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * assertEquals(unitDistances(tf.tensor2d([[1, -1]])).arraySync(), [[0, 2]]);
 * ```
 */
export function unitDistances(cosines: Tensor2D): Tensor2D {
  return withGradient([cosines], (save) => {
    const value = tf.tidy(() => {
      const squared = tf.sub(2, tf.mul(cosines, 2));
      return tf.sqrt(tf.mul(squared, tf.cast(tf.greater(squared, NOISE), "float32")));
    });
    save(() => [value]);
    return { value, pullBack: (dy, [distance]) => [tf.neg(tf.divNoNan(dy, distance!))] };
  }) as Tensor2D;
}
