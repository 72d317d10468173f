/**
 * The whole batch on one tape.
 *
 * @module
 */
import { cachedStep } from "./cached_step.ts";
import type { CachedStep, StepOptions } from "./step.ts";

/**
 * Makes a step that keeps the whole batch on one tape: the plain way, which {@linkcode cachedStep} must agree with.
 *
 * It takes the options of {@linkcode cachedStep}, so that one can stand for the other; what says how to chunk plays no
 * part in it.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { type Encoder, fullStep, key, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const kernel = tf.variable(tf.ones([3, 2]));
 * const encoder: Encoder<tf.Tensor2D> = { params: { kernel }, encode: (x) => tf.matMul(x, kernel as tf.Tensor2D) };
 * const step = fullStep({ encoders: [encoder], loss: ([z]) => tf.mean(tf.square(z!)) });
 *
 * assertEquals(step([tf.ones([5, 3])], key(0)).plan, [{ examples: 5, chunkSize: 5, chunks: 1, kept: 1, replayed: 0 }]);
 * ```
 */
export function fullStep({ memory: _memory, chunkTokens: _tokens, ...options }: StepOptions): CachedStep {
  return cachedStep({
    ...options,
    crossExample: options.crossExample ?? "perChunk",
    chunkSize: Infinity,
    keep: Infinity,
  });
}
