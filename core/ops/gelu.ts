/**
 * The Gaussian error linear unit.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { fused } from "../_fused.ts";
import type { Tensor } from "../types.ts";
import type { Stage } from "./_stage.ts";
import { withGradient } from "./custom_gradient.ts";
import { pipe } from "./pipe.ts";

const logInverseRootPi = -0.5 * Math.log(Math.PI);

/**
 * The Gaussian error linear unit in its exact form: x Φ(x) with Φ(x) = (1 + erf(x / √2)) / 2.
 *
 * The gradient is Φ(x) + x φ(x), φ being the normal density. The tape holds x. Hendrycks and Gimpel, "Gaussian error linear units", 2016.
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
    save(() => [x]);
    return { value: geluStage.apply(x), pullBack: (dy, [x]) => [geluStage.pullBack(x!, dy, { image: false }).dx] };
  });
}

/** The unit without a tape. */
export const geluStage: Stage = {
  apply: (x) => fused("Gelu", [x])?.[0] ?? tf.tidy(() => tf.mul(x, below(tf.mul(x, Math.SQRT1_2)))),
  pullBack(x, dy) {
    const [image, dx] = fused("GeluGrad", [x, dy]) ?? composedPullBack(x, dy);
    return { image: image!, dx: dx!, own: [] };
  },
};

/** Φ(x) from x / √2. */
function below(scaled: Tensor): Tensor {
  return pipe(scaled, [tf.erf, (erf) => tf.mul(erf, 0.5), (half) => tf.add(half, 0.5)]);
}

function composedPullBack(x: Tensor, dy: Tensor): [Tensor, Tensor] {
  return tf.tidy(() => {
    const scaled = tf.mul(x, Math.SQRT1_2);
    const share = below(scaled);
    // With s = x / √2, x φ(x) is s exp(-s²) / √π.
    const slope = pipe(scaled, [
      tf.square,
      (square) => tf.sub(logInverseRootPi, square),
      tf.exp,
      (density) => tf.mul(scaled, density),
      (product) => tf.add(share, product),
    ]);
    return [tf.mul(x, share), tf.mul(dy, slope)];
  });
}
