/**
 * Products with a number.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../types.ts";
import { withGradient } from "./custom_gradient.ts";

/**
 * Multiplies a tensor by a number. The tape holds nothing, where a product of tensors holds both.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { scale, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * assertEquals(scale(tf.tensor1d([1, -2]), 3).arraySync(), [3, -6]);
 * ```
 */
export function scale<T extends Tensor>(x: T, factor: number): T {
  return withGradient([x], () => ({
    value: tf.mul(x, factor),
    pullBack: (dy) => [tf.mul(dy, factor)],
  })) as T;
}
