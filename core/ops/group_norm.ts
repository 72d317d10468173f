/**
 * Group normalisation of images.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { fused } from "../_fused.ts";
import type { Tensor, Tensor2D, Tensor4D } from "../types.ts";
import { withGradient } from "./custom_gradient.ts";
import type { PulledBack, Stage } from "./_stage.ts";
import { pipe } from "./pipe.ts";

/** How an op normalises images in groups of channels. */
export interface GroupNormOptions {
  /** A factor for each channel, `[channels]`. */
  readonly scale: Tensor;
  /** A summand for each channel, `[channels]`. */
  readonly shift: Tensor;
  /** How many groups of neighbouring channels; a divisor of channels. */
  readonly groups: number;
  /** What is added to the variance. 1e-5 if left out. */
  readonly epsilon?: number;
}

/**
 * Normalises each example's channels in groups: scale · (x - mean) / √(variance + epsilon) + shift, with mean and
 * variance over all places and all channels of a group.
 *
 * Unlike batch normalisation it does not mix examples, so chunks do not change it. The tape holds x. Wu and He, "Group normalization", 2018.
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
  checkGroupNorm(x, { scale, shift }, groups);
  return withGradient([x, scale, shift], (save) => {
    save(() => [x, scale, shift]);
    return {
      value: groupNormStage(scale, shift, groups, epsilon).apply(x),
      pullBack(dy, [x, scale, shift]) {
        const { dx, own } = groupNormStage(scale!, shift!, groups, epsilon).pullBack(x!, dy, { image: false });
        return [dx, ...own];
      },
    };
  }) as Tensor4D;
}

/** Checks that scale, shift and groups fit the images. */
export function checkGroupNorm(
  x: Tensor,
  parameters: { readonly scale: Tensor; readonly shift: Tensor },
  groups: number,
): void {
  const channels = x.shape.at(-1)!;
  if (x.rank !== 4) {
    throw new RangeError(`Cannot normalise: x has shape [${x.shape}], expected [examples, height, width, channels]`);
  }
  if (!Number.isInteger(groups) || groups < 1 || channels < groups || channels % groups !== 0) {
    throw new RangeError(`Cannot normalise: groups is ${groups}, expected a divisor of the ${channels} channels`);
  }
  for (const [name, { shape }] of Object.entries(parameters)) {
    if (shape.length !== 1 || shape[0] !== channels) {
      throw new RangeError(`Cannot normalise: ${name} has shape [${shape}], expected [${channels}]`);
    }
  }
}

/** The norm without a tape; its own parameters are scale and shift. */
export function groupNormStage(scale: Tensor, shift: Tensor, groups: number, epsilon: number): Stage {
  const channels = scale.size;
  return {
    apply: (x) =>
      fused("GroupNorm", [x, scale, shift], { epsilon, groups })?.[0] ??
        tf.tidy(() => normalized(centredOf(x), x.shape)),
    pullBack(x, dy, { image }) {
      const native = fused("GroupNormGrad", [x, scale, dy], { epsilon, groups });
      if (!native) return tf.tidy(() => composedPullBack(x, dy, image));
      const [dx, ...own] = native as [Tensor, Tensor, Tensor];
      return { dx, own, ...(image ? { image: this.apply(x) } : {}) };
    },
  };

  function centredOf(x: Tensor): { centred: Tensor; inverse: Tensor } {
    const images = tf.reshape(x, [x.shape[0]!, -1, channels]);
    const share = sharing(channels, groups);
    const means = (values: Tensor) => tf.matMul(tf.mean<Tensor2D>(values, 1), share);
    const centred = tf.sub(images, perChannel(means(images)));
    return { centred, inverse: tf.rsqrt(tf.add(pipe(centred, [tf.square, means]), epsilon)) };
  }

  function normalized({ centred, inverse }: ReturnType<typeof centredOf>, shape: Tensor["shape"]): Tensor {
    const factor = perChannel(tf.mul(inverse, scale));
    const value = pipe(centred, [(x) => tf.mul(x, factor), (x) => tf.add(x, shift)]);
    return tf.reshape(value, shape);
  }

  function composedPullBack(x: Tensor, dy: Tensor, wanted: boolean): PulledBack {
    const { centred, inverse } = centredOf(x);
    const image = wanted ? { image: normalized({ centred, inverse }, x.shape) } : {};
    const [examples, places] = centred.shape as [number, number, number];
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
    return { ...image, dx: tf.reshape(dx, x.shape), own: [tf.sum(aligned, 0), tf.sum(sums, 0)] };
  }

  function perChannel(values: Tensor): Tensor {
    return tf.reshape(values, [values.shape[0]!, 1, channels]);
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
