/**
 * Images of one size with their classes.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor4D } from "../../core/types.ts";

/** Images of one size, each of a class and from a source. */
export interface ImageSet {
  /** How many images there are. */
  readonly examples: number;
  /** Rows of an image. */
  readonly height: number;
  /** Columns of an image. */
  readonly width: number;
  /** Channels of an image: 3 for red, green, blue, or 1 for grey. */
  readonly channels: number;
  /** All pixels, from 0 to 255: `examples` × `height` × `width` × `channels`, the last fastest. */
  readonly pixels: Uint8Array;
  /** For each image its class, a place in `classes`. */
  readonly labels: Int32Array;
  /** The names of the classes; some may have no image. */
  readonly classes: readonly string[];
  /** For each image where it comes from, a place in `sources`: an artist, a camera, or 0 for all if nobody knows. */
  readonly origins: Int32Array;
  /** The names of the sources. */
  readonly sources: readonly string[];
  /** For each image a name that tells it from all others, such as `noto/red-heart`. */
  readonly names: readonly string[];
}

/**
 * Takes some images of a set, in the order given; classes and sources keep their numbers.
 *
 * @throws {RangeError} If a row is none of the set's.
 *
 * @example
 * ```ts
 * import { type ImageSet, selectImages } from "@gradfold/gradfold/data";
 * import { assertEquals } from "@std/assert";
 *
 * const set: ImageSet = {
 *   examples: 2,
 *   height: 1,
 *   width: 2,
 *   channels: 1,
 *   pixels: Uint8Array.of(1, 2, 3, 4),
 *   labels: Int32Array.of(0, 1),
 *   classes: ["cat", "dog"],
 *   origins: Int32Array.of(0, 0),
 *   sources: ["me"],
 *   names: ["tom", "rex"],
 * };
 * const { pixels, labels } = selectImages(set, [1]);
 * assertEquals([[...pixels], [...labels]], [[3, 4], [1]]);
 * ```
 */
export function selectImages(set: ImageSet, rows: ArrayLike<number>): ImageSet {
  checkRows(set, rows);
  const chosen = Int32Array.from(rows);
  return {
    ...set,
    examples: chosen.length,
    pixels: pixelsOf(set, chosen),
    labels: chosen.map((row) => set.labels[row]!),
    origins: chosen.map((row) => set.origins[row]!),
    names: Array.from(chosen, (row) => set.names[row]!),
  };
}

/**
 * Reads some images as a tensor `[rows, height, width, channels]` of numbers from 0 to 1, which the caller disposes.
 *
 * @throws {RangeError} If a row is none of the set's.
 *
 * @example
 * ```ts
 * import { imageTensor } from "@gradfold/gradfold/data";
 * import { useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const set = {
 *   examples: 2,
 *   height: 1,
 *   width: 2,
 *   channels: 1,
 *   pixels: Uint8Array.of(0, 51, 102, 255),
 *   labels: Int32Array.of(0, 1),
 *   classes: ["cat", "dog"],
 *   origins: Int32Array.of(0, 0),
 *   sources: ["me"],
 *   names: ["tom", "rex"],
 * };
 * const images = imageTensor(set, [1]);
 * assertEquals([images.shape, images.dataSync()[1]], [[1, 1, 2, 1], 1]);
 * ```
 */
export function imageTensor(set: ImageSet, rows: ArrayLike<number>): Tensor4D {
  checkRows(set, rows);
  const values = Float32Array.from(pixelsOf(set, Int32Array.from(rows)), (value) => value / 255);
  return tf.tensor4d(values, [rows.length, set.height, set.width, set.channels]);
}

function pixelsOf({ height, width, channels, pixels }: ImageSet, rows: Int32Array): Uint8Array {
  const size = height * width * channels;
  const chosen = new Uint8Array(rows.length * size);
  rows.forEach((row, i) => chosen.set(pixels.subarray(row * size, (row + 1) * size), i * size));
  return chosen;
}

function checkRows({ examples }: ImageSet, rows: ArrayLike<number>): void {
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (!Number.isInteger(row) || row < 0 || row >= examples) {
      throw new RangeError(`Cannot read images: rows[${i}] is ${row}, expected a row of ${examples} images`);
    }
  }
}
