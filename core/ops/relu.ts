/**
 * The rectified linear unit.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { fused } from "../_fused.ts";
import type { Tensor } from "../types.ts";
import type { Stage } from "./_stage.ts";
import { withGradient } from "./custom_gradient.ts";

/**
 * Replaces negative numbers by zero: max(x, 0). The gradient at 0 is 0.
 *
 * The tape holds one byte an entry: whether it is positive.
 *
 * @param x A tensor of any shape.
 * @returns A tensor of the same shape.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { relu, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * assertEquals(relu(tf.tensor1d([-1, 0, 2])).arraySync(), [0, 0, 2]);
 * ```
 */
export function relu(x: Tensor): Tensor {
  return withGradient([x], (save) => {
    save(() => [tf.greater(x, 0)]);
    return {
      value: tf.relu(x),
      pullBack: (dy, [positive]) => [tf.mul(dy, tf.cast(positive!, "float32"))],
    };
  });
}

/** The rectifier without a tape. */
export const reluStage: Stage = {
  apply: (x) => tf.relu(x),
  pullBack: (x, dy, { image }) =>
    tf.tidy(() => ({
      ...(image ? { image: tf.relu(x) } : {}),
      dx: fused("ReluGrad", [dy, x])?.[0] ?? tf.mul(dy, tf.cast(tf.greater(x, 0), "float32")),
      own: [],
    })),
};
