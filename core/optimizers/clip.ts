/**
 * Gradient clipping.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Gradients, Scalar, Tensor } from "../types.ts";
import { aboveZero } from "./_checks.ts";

/** Clipped gradients and the norm that they had before. The caller disposes all of them. */
export interface ClippedGradients {
  /** The gradients, scaled; new tensors. */
  readonly gradients: Gradients;
  /** The norm of all gradients together before clipping; it is not finite if one of them is not. */
  readonly norm: Scalar;
}

/**
 * Scales gradients down so that their common norm is at most `maxNorm`.
 *
 * g ← g · maxNorm / max(‖all g‖, maxNorm), which leaves gradients below the bound as they are, bit for bit. The
 * gradients given stay the caller's; nothing is read back from the engine.
 *
 * Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", 2013.
 *
 * @throws {RangeError} If `maxNorm` is not a finite number above 0.
 *
 * @example
 * ```ts
 * import { clipByGlobalNorm, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const clipped = clipByGlobalNorm({ weight: tf.tensor1d([3]), bias: tf.tensor1d([4]) }, 1);
 * assertAlmostEquals(clipped.norm.dataSync()[0]!, 5, 1e-6);
 * assertAlmostEquals(clipped.gradients.weight!.dataSync()[0]!, 0.6, 1e-6);
 * tf.dispose([clipped.norm, clipped.gradients]);
 * ```
 */
export function clipByGlobalNorm(gradients: Gradients, maxNorm: number): ClippedGradients {
  aboveZero("maxNorm", maxNorm);
  return tf.tidy(() => {
    const norm = globalNorm(Object.values(gradients));
    const scale = tf.div(maxNorm, tf.maximum(norm, maxNorm));
    const scaled = Object.entries(gradients).map(([name, gradient]) => [name, tf.mul(gradient, scale)]);
    return { gradients: Object.fromEntries(scaled), norm };
  });
}

function globalNorm(gradients: readonly Tensor[]): Scalar {
  if (gradients.length === 0) return tf.scalar(0);
  const squares = gradients.map((gradient) => tf.tidy(() => tf.sum(tf.square(gradient))));
  return tf.sqrt(tf.sum(tf.stack(squares)));
}
