/**
 * The convolutional encoder of images.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type Encoder, fold, type Key, type Params, type Tensor, type Tensor2D, type Tensor4D } from "../core/mod.ts";
import { dropout, groupNormPool, l2Normalize, pipe } from "../core/ops/mod.ts";
import { imagesOf, requireGroups } from "./_images.ts";
import { glorotInit, heInit } from "./init.ts";
import { affineParams, applyAffine, normParams } from "./_layers.ts";
import { requireCounts, requireRate } from "./_options.ts";

/** Options of {@linkcode convolutional}. */
export interface ConvolutionalOptions {
  /** Rows of an image. */
  readonly height: number;
  /** Columns of an image. */
  readonly width: number;
  /** Channels of an image. */
  readonly channels: number;
  /** Channels after each stage, first to last. `[32, 64]` if left out. */
  readonly filters?: readonly number[];
  /** Groups of channels that are normalised together; a divisor of each of `filters`. 8 if left out. */
  readonly groups?: number;
  /** Width of the representation. */
  readonly dim: number;
  /** What the last affine map sees: all places (`flatten`) or their mean (`mean`). `flatten` if left out. */
  readonly pooling?: "flatten" | "mean";
  /** The probability with which entries before the last map are dropped in training. 0 if left out. */
  readonly dropout?: number;
  /** Whether representations are scaled to length 1. True if left out. */
  readonly normalize?: boolean;
  /** The encoder's name. */
  readonly name?: string;
  /** Where the initial parameters are drawn from. */
  readonly key: Key;
}

/**
 * Makes an encoder of images. Each stage is a 3 × 3 convolution that keeps the size, a group norm, a rectifier, and the
 * maximum over 2 × 2 places; an affine map of what is left gives the representation.
 *
 * A batch is `[examples, height, width, channels]`. Group norm keeps examples apart, so that chunks are exact.
 * Parameters are `stage<i>/kernel`, `stage<i>/norm/scale`, `stage<i>/norm/shift` for each stage i, then
 * `output/kernel` and `output/bias`. Convolutions have no bias: the norm's shift is one.
 *
 * @param options Sizes, dropout, and the key.
 * @throws {RangeError} If a size is no positive integer, groups do not divide the filters, the image is too small to
 * be halved in each stage, or the rate is not in [0, 1).
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { convolutional } from "@gradfold/gradfold/encoders";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const encoder = convolutional({ height: 8, width: 8, channels: 1, filters: [8, 16], dim: 4, key: key(1) });
 * const context = { training: false, key: key(2), rows: Int32Array.of(0, 1) };
 * assertEquals(encoder.encode(tf.zeros([2, 8, 8, 1]), context).shape, [2, 4]);
 * ```
 */
export function convolutional(options: ConvolutionalOptions): Encoder<Tensor4D> {
  const { height, width, channels, filters = [32, 64], groups = 8, dim, pooling = "flatten", key } = options;
  const { dropout: rate = 0, normalize = true } = options;
  const maker = "a convolutional encoder";
  const stages = Object.fromEntries(filters.map((count, i) => [`filters[${i}]`, count]));
  requireCounts(maker, { height, width, channels, ...stages, groups, dim });
  requireRate(maker, rate);
  requireGroups(maker, groups, filters);
  if (pooling !== "flatten" && pooling !== "mean") {
    throw new RangeError(`Cannot make ${maker}: pooling is "${pooling}", expected "flatten" or "mean"`);
  }
  const [rows, columns] = [height, width].map((size) => Math.floor(size / 2 ** filters.length)) as [number, number];
  if (rows === 0 || columns === 0) {
    throw new RangeError(
      `Cannot make ${maker}: images of ${height} × ${width} cannot be halved ${filters.length} times, ` +
        `expected at least ${2 ** filters.length} rows and columns`,
    );
  }

  const last = filters.at(-1) ?? channels;
  const features = pooling === "mean" ? last : rows * columns * last;
  const params: Params = Object.assign(
    {},
    ...filters.map((count, i) => ({
      [`stage${i}/kernel`]: heInit(fold(key, `stage${i}`), [3, 3, filters[i - 1] ?? channels, count]),
      ...normParams(`stage${i}/norm`, count),
    })),
    affineParams(key, "output", [features, dim], glorotInit),
  );

  return {
    ...(options.name === undefined ? {} : { name: options.name }),
    params,
    encode: (batch, context) =>
      tf.tidy(() =>
        pipe(imagesOf(batch, [height, width, channels]), [
          ...filters.map((_, i) => (x: Tensor) => stage(params, `stage${i}`, x as Tensor4D, groups)),
          (x) => pooling === "mean" ? tf.mean(x, [1, 2]) : tf.reshape(x, [-1, features]),
          (x) => dropout(x, rate, context, "features"),
          (x) => applyAffine(params, "output", x),
          (x) => normalize ? l2Normalize(x as Tensor2D) : x,
        ]) as Tensor2D
      ),
  };
}

function stage(params: Params, name: string, x: Tensor4D, groups: number): Tensor4D {
  const kernel: Tensor = params[`${name}/kernel`]!;
  const [scale, shift] = [params[`${name}/norm/scale`]!, params[`${name}/norm/shift`]!];
  return pipe(x, [
    (x) => tf.conv2d(x as Tensor4D, kernel as Tensor4D, 1, "same"),
    (x) => groupNormPool(x, { scale, shift, groups }),
  ]) as Tensor4D;
}
