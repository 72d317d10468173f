/**
 * Group normalisation of images.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor2D, Tensor4D } from "../types.ts";
import { withGradient } from "./custom_gradient.ts";
import { pipe } from "./pipe.ts";

/**
 * Normalises each example's channels in groups: scale · (x - mean) / √(variance + epsilon) + shift, with mean and
 * variance over all places and all channels of a group.
 *
 * Unlike batch normalisation it does not mix examples, so chunks do not change it. The tape holds the centred input
 * and one number for each example and channel. Wu and He, "Group normalization", 2018.
 *
 * @param x Images, `[examples, height, width, channels]`.
 * @param scale A factor for each channel, `[channels]`.
 * @param shift A summand for each channel, `[channels]`.
 * @param groups How many groups of neighbouring channels; a divisor of channels.
 * @param epsilon What is added to the variance. 1e-5 if left out.
 * @returns A tensor of x's shape.
 * @throws {RangeError} If the groups do not divide the channels, or scale or shift does not fit them.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { groupNorm, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const images = tf.tensor4d([1, 3, 1, 3], [1, 2, 1, 2]);
 * assertAlmostEquals(groupNorm(images, tf.ones([2]), tf.zeros([2]), 1).dataSync()[1]!, 1, 1e-4);
 * ```
 */
export function groupNorm(x: Tensor, scale: Tensor, shift: Tensor, groups: number, epsilon = 1e-5): Tensor4D {
  const [examples, height, width, channels] = x.shape as Tensor4D["shape"];
  if (x.rank !== 4) {
    throw new RangeError(`Cannot normalise: x has shape [${x.shape}], expected [examples, height, width, channels]`);
  }
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0) {
    throw new RangeError(`Cannot normalise: groups is ${groups}, expected a divisor of the ${channels} channels`);
  }
  for (const [name, { shape }] of Object.entries({ scale, shift })) {
    if (shape.length !== 1 || shape[0] !== channels) {
      throw new RangeError(`Cannot normalise: ${name} has shape [${shape}], expected [${channels}]`);
    }
  }
  const places = height * width;
  return withGradient([x, scale, shift], (save) => {
    const images = tf.reshape(x, [examples, places, channels]);
    const share = sharing(channels, groups);
    const means = (values: Tensor) => tf.matMul(tf.mean<Tensor2D>(values, 1), share);
    const centred = tf.sub(images, perChannel(means(images)));
    const inverse = tf.rsqrt(tf.add(pipe(centred, [tf.square, means]), epsilon));
    save(() => [centred, inverse, scale]);
    const factor = perChannel(tf.mul(inverse, scale));
    const value = pipe(centred, [(x) => tf.mul(x, factor), (x) => tf.add(x, shift)]);
    return { value: tf.reshape(value, x.shape), pullBack };
  }) as Tensor4D;

  function pullBack(dy: Tensor, saved: readonly Tensor[]): Tensor[] {
    const [centred, inverse, scale] = saved as [Tensor, Tensor, Tensor];
    const cotangents = tf.reshape(dy, [examples, places, channels]);
    const share = tf.div(sharing(channels, groups), places) as Tensor2D;
    // Everything but two passes over the images happens per example and channel.
    const sums = tf.sum(cotangents, 1);
    const aligned = tf.mul(pipe(cotangents, [(dy) => tf.mul(dy, centred), (products) => tf.sum(products, 1)]), inverse);
    const factor = tf.mul(inverse, scale);
    const mean = tf.mul(tf.matMul(tf.mul(sums, scale) as Tensor2D, share), inverse);
    const slope = tf.mul(tf.matMul(tf.mul(aligned, scale) as Tensor2D, share), tf.square(inverse));
    const change = pipe(centred, [(x) => tf.mul(x, perChannel(slope)), (x) => tf.add(x, perChannel(mean))]);
    const dx = pipe(cotangents, [(dy) => tf.mul(dy, perChannel(factor)), (dx) => tf.sub(dx, change)]);
    return [tf.reshape(dx, x.shape), tf.sum(aligned, 0), tf.sum(sums, 0)];
  }

  function perChannel(values: Tensor): Tensor {
    return tf.reshape(values, [examples, 1, channels]);
  }
}

/** The matrix that replaces each channel's value by its group's mean. */
function sharing(channels: number, groups: number): Tensor2D {
  const size = channels / groups;
  const values = new Float32Array(channels * channels);
  for (let from = 0; from < channels; from++) {
    const first = from - from % size;
    values.fill(1 / size, from * channels + first, from * channels + first + size);
  }
  return tf.tensor2d(values, [channels, channels]);
}
