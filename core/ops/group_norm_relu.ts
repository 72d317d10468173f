/**
 * Norm and rectifier of images in one op.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor4D } from "../types.ts";
import type { Stage } from "./_stage.ts";
import { withGradient } from "./custom_gradient.ts";
import { checkGroupNorm, type GroupNormOptions, groupNormStage } from "./group_norm.ts";
import { reluStage } from "./relu.ts";

/**
 * Normalises images in groups of channels and replaces negative numbers by zero: {@linkcode groupNorm}, then
 * {@linkcode relu}. The gradient at 0 is 0.
 *
 * The tape holds x alone; what the gradients need is computed again.
 *
 * @param x Images, `[examples, height, width, channels]`.
 * @param options The norm's parameters.
 * @returns A tensor of x's shape.
 * @throws {RangeError} If the groups do not divide the channels, or scale or shift does not fit them.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { groupNormRelu, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const images = tf.tensor4d([1, 3], [1, 1, 2, 1]);
 * const [low, high] = groupNormRelu(images, { scale: tf.ones([1]), shift: tf.zeros([1]), groups: 1 }).dataSync();
 * assertAlmostEquals(low!, 0, 1e-4);
 * assertAlmostEquals(high!, 1, 1e-4);
 * ```
 */
export function groupNormRelu(x: Tensor, options: GroupNormOptions): Tensor4D {
  const { scale, shift, groups, epsilon = 1e-5 } = options;
  checkGroupNorm(x, { scale, shift }, groups);
  return withGradient([x, scale, shift], (save) => {
    save(() => [x, scale, shift]);
    return {
      value: groupNormReluStage(scale, shift, groups, epsilon).apply(x),
      pullBack(dy, [x, scale, shift]) {
        const { dx, own } = groupNormReluStage(scale!, shift!, groups, epsilon).pullBack(x!, dy, { image: false });
        return [dx, ...own];
      },
    };
  }) as Tensor4D;
}

/** Norm and rectifier without a tape; their own parameters are scale and shift. */
export function groupNormReluStage(scale: Tensor, shift: Tensor, groups: number, epsilon: number): Stage {
  const norm = groupNormStage(scale, shift, groups, epsilon);
  return {
    apply(x) {
      const normal = norm.apply(x);
      const image = tf.relu(normal);
      normal.dispose();
      return image;
    },
    pullBack(x, dy, { image }) {
      // Where the rectified is above 0, what it was made of is.
      const rectified = this.apply(x);
      const { dx: dnormal } = reluStage.pullBack(rectified, dy, { image: false });
      if (!image) rectified.dispose();
      const { dx, own } = norm.pullBack(x, dnormal, { image: false });
      dnormal.dispose();
      return { dx, own, ...(image ? { image: rectified } : {}) };
    },
  };
}
