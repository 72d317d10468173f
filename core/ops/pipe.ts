/**
 * Chains of maps that free as they go.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../types.ts";

/**
 * Passes a tensor through stages, and frees what a stage has computed as soon as the next one is done.
 *
 * `tf.tidy` around an encoder would hold every intermediate value to its end, and memory would peak at their sum. What a
 * gradient needs is not lost here, since a tape holds tensors of its own.
 *
 * @param x The tensor that goes in; it is not freed.
 * @param stages The maps, first to last; each may return what it was given.
 * @returns What the last stage gives.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { pipe, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const x = tf.tensor1d([1, 2]);
 * const before = tf.memory().numTensors;
 * assertEquals([...pipe(x, [tf.square, (square) => tf.add(square, 1)]).dataSync()], [2, 5]);
 * assertEquals(tf.memory().numTensors, before + 1);
 * ```
 */
export function pipe(x: Tensor, stages: readonly ((x: Tensor) => Tensor)[]): Tensor {
  let current = x;
  for (const stage of stages) {
    const next = tf.tidy(() => stage(current));
    if (current !== x && current !== next) current.dispose();
    current = next;
  }
  return current;
}
