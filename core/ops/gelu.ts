/**
 * The Gaussian error linear unit.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../types.ts";
import { withGradient } from "./custom_gradient.ts";
import { pipe } from "./pipe.ts";

const logInverseRootPi = -0.5 * Math.log(Math.PI);

/**
 * The Gaussian error linear unit in its exact form: x Φ(x) with Φ(x) = (1 + erf(x / √2)) / 2.
 *
 * The gradient is Φ(x) + x φ(x), φ being the normal density. It is computed along with the value, with which it shares
 * the error function, and is all that the tape holds. Hendrycks and Gimpel, "Gaussian error linear units", 2016.
 *
 * @param x A tensor of any shape.
 * @returns A tensor of the same shape.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { gelu, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * assertAlmostEquals(gelu(tf.scalar(1)).dataSync()[0]!, 0.841345, 1e-5);
 * ```
 */
export function gelu(x: Tensor): Tensor {
  return withGradient([x], (save) => {
    const scaled = tf.mul(x, Math.SQRT1_2);
    const below = pipe(scaled, [tf.erf, (erf) => tf.mul(erf, 0.5), (half) => tf.add(half, 0.5)]);
    // With s = x / √2, x φ(x) is s exp(-s²) / √π.
    save(() => [
      pipe(scaled, [
        tf.square,
        (square) => tf.sub(logInverseRootPi, square),
        tf.exp,
        (density) => tf.mul(scaled, density),
        (product) => tf.add(below, product),
      ]),
    ]);
    return { value: tf.mul(x, below), pullBack: (dy, [slope]) => [tf.mul(dy, slope!)] };
  });
}
