/**
 * Layer normalisation.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { fused } from "../_fused.ts";
import type { Tensor } from "../types.ts";
import { withGradient } from "./custom_gradient.ts";
import type { PulledBack, Stage } from "./_stage.ts";
import { sumOverRows } from "./_sum_rows.ts";
import { pipe } from "./pipe.ts";

/**
 * Normalises each vector along the last axis: scale · (x - mean) / √(variance + epsilon) + shift.
 *
 * The variance is the biased one, the mean squared deviation. The tape holds x. Ba, Kiros and Hinton, "Layer normalization", 2016.
 *
 * @param x The vectors, `[..., width]`.
 * @param scale A factor for each column, `[width]`.
 * @param shift A summand for each column, `[width]`.
 * @param epsilon What is added to the variance. 1e-5 if left out.
 * @returns A tensor of x's shape.
 * @throws {RangeError} If scale or shift does not fit the last axis.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { layerNorm, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const normal = layerNorm(tf.tensor2d([[1, 3]]), tf.ones([2]), tf.zeros([2])).dataSync();
 * assertAlmostEquals(normal[0]!, -1, 1e-4);
 * assertAlmostEquals(normal[1]!, 1, 1e-4);
 * ```
 */
export function layerNorm(x: Tensor, scale: Tensor, shift: Tensor, epsilon = 1e-5): Tensor {
  checkNorm(x, { scale, shift });
  return withGradient([x, scale, shift], (save) => {
    save(() => [x, scale, shift]);
    return {
      value: normStage(scale, shift, epsilon).apply(x),
      pullBack(dy, [x, scale, shift]) {
        const { dx, own } = normStage(scale!, shift!, epsilon).pullBack(x!, dy, { image: false });
        return [dx, ...own];
      },
    };
  });
}

/** Checks that scale and shift fit the vectors. */
export function checkNorm(x: Tensor, parameters: { readonly scale: Tensor; readonly shift: Tensor }): void {
  const width = x.shape.at(-1);
  for (const [name, { shape }] of Object.entries(parameters)) {
    if (width === undefined || shape.length !== 1 || shape[0] !== width) {
      throw new RangeError(`Cannot normalise: x has shape [${x.shape}] and ${name} [${shape}], expected [${width}]`);
    }
  }
}

/** The norm without a tape; its own parameters are scale and shift. */
export function normStage(scale: Tensor, shift: Tensor, epsilon: number): Stage {
  return {
    apply: (x) => fused("LayerNorm", [x, scale, shift], { epsilon })?.[0] ?? tf.tidy(() => composed(x).value),
    pullBack(x, dy, { image }) {
      const native = fused("LayerNormGrad", [x, scale, dy], { epsilon });
      if (!native) return tf.tidy(() => composedPullBack(x, dy));
      const [dx, ...own] = native as [Tensor, Tensor, Tensor];
      return { dx, own, ...(image ? { image: this.apply(x) } : {}) };
    },
  };

  function composed(x: Tensor): { value: Tensor; normal: Tensor; inverse: Tensor } {
    const rows = tf.reshape(x, [-1, scale.size]);
    const centred = tf.sub(rows, tf.mean(rows, 1, true));
    const variance = pipe(centred, [tf.square, (square) => tf.mean(square, 1, true)]);
    const inverse = tf.rsqrt(tf.add(variance, epsilon));
    const normal = tf.mul(centred, inverse);
    centred.dispose();
    const value = pipe(normal, [(x) => tf.mul(x, scale), (x) => tf.add(x, shift), (y) => tf.reshape(y, x.shape)]);
    return { value, normal, inverse };
  }

  function composedPullBack(x: Tensor, dy: Tensor): PulledBack {
    const { value, normal, inverse } = composed(x);
    const rows = tf.reshape(dy, [-1, scale.size]);
    const aligned = tf.mul(rows, normal);
    // The means of scale · dy and scale · dy · normal along each row, as products with a column.
    const column = tf.reshape(tf.div(scale, scale.size), [scale.size, 1]);
    const mean = tf.matMul(rows, column);
    const slope = tf.matMul(aligned, column);
    const dx = pipe(rows, [
      (dy) => tf.mul(dy, scale),
      (dx) => tf.sub(dx, mean),
      (dx) => tf.sub(dx, tf.mul(normal, slope)),
      (dx) => tf.mul(dx, inverse),
      (dx) => tf.reshape(dx, x.shape),
    ]);
    return { image: value, dx, own: [sumOverRows(aligned), sumOverRows(rows)] };
  }
}
