/**
 * Norm, rectifier and pooling of images in one op.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { fused } from "../_fused.ts";
import type { Tensor, Tensor4D } from "../types.ts";
import { withGradient } from "./custom_gradient.ts";
import { checkGroupNorm, type GroupNormOptions, groupNormStage } from "./group_norm.ts";

/**
 * Normalises images in groups of channels, replaces negative numbers by zero, and takes the maximum over each 2 × 2
 * places: a stage of a convolutional encoder behind its convolution.
 *
 * The tape holds x alone, where {@linkcode groupNorm}, {@linkcode relu} and a pooling hold three tensors of its size; what
 * the gradients need is computed again. The maximum is taken before the rectifier, which gives the same for a quarter of
 * the entries. A last odd row or column is left out.
 *
 * @param x Images, `[examples, height, width, channels]`.
 * @param options The norm's parameters.
 * @returns `[examples, ⌊height / 2⌋, ⌊width / 2⌋, channels]`.
 * @throws {RangeError} If the groups do not divide the channels, or scale or shift does not fit them.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { groupNormPool, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const images = tf.tensor4d([1, 1, 1, 5], [1, 2, 2, 1]);
 * const pooled = groupNormPool(images, { scale: tf.ones([1]), shift: tf.zeros([1]), groups: 1 });
 * assertAlmostEquals(pooled.dataSync()[0]!, Math.sqrt(3), 1e-4);
 * ```
 */
export function groupNormPool(x: Tensor, options: GroupNormOptions): Tensor4D {
  const { scale, shift, groups, epsilon = 1e-5 } = options;
  checkGroupNorm(x, { scale, shift }, groups);
  if (x.shape[1]! < 2 || x.shape[2]! < 2) {
    throw new RangeError(`Cannot halve images: x has shape [${x.shape}], expected a height and width of at least 2`);
  }
  return withGradient([x, scale, shift], (save) => {
    save(() => [x, scale, shift]);
    const normal = groupNormStage(scale, shift, groups, epsilon).apply(x);
    const value = halveRelu(normal);
    normal.dispose();
    return { value, pullBack };
  }) as Tensor4D;

  function pullBack(dy: Tensor, [x, scale, shift]: readonly Tensor[]): Tensor[] {
    const stage = groupNormStage(scale!, shift!, groups, epsilon);
    const normal = stage.apply(x!);
    const dnormal = tf.tidy(() => {
      // Where the rectified maximum is above 0 it is the maximum.
      const most = halveRelu(normal);
      const dmost = fused("ReluGrad", [dy, most])?.[0] ?? tf.mul(dy, tf.cast(tf.greater(most, 0), "float32"));
      return halveGradient(normal, most, dmost);
    });
    normal.dispose();
    const { dx, own } = stage.pullBack(x!, dnormal, { image: false });
    return [dx, ...own];
  }
}

function halveRelu(x: Tensor): Tensor {
  return fused("HalveRelu", [x])?.[0] ?? tf.tidy(() => {
    const [examples, height, width, channels] = x.shape as [number, number, number, number];
    const images = tf.reshape(x, [examples, height * width, channels]);
    // Engines leave out what is not a number when they compare, so it is carried along by a sum: 0 · NaN = NaN.
    const zeros = tf.reshape(tf.matMul(tf.zeros([examples, 1, height * width]), images), [examples, 1, 1, channels]);
    return tf.add(tf.relu(tf.maxPool(x as Tensor4D, 2, 2, "valid")), zeros);
  });
}

function halveGradient(x: Tensor, y: Tensor, dy: Tensor): Tensor {
  const attributes = { filterSize: 2, strides: 2, pad: "valid" };
  return fused("HalveGrad", [x, dy])?.[0] ??
    tf.engine().runKernel("MaxPoolGrad", { dy, input: x, output: y }, attributes) as Tensor;
}
