/**
 * Random views of images.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { fold, type Key } from "../../../core/key.ts";
import type { Tensor4D } from "../../../core/types.ts";
import type { ImageSet } from "../image_set.ts";
import { blur } from "./_blur.ts";
import { grayscale, jitter } from "./_color.ts";
import { drawsOf, drawsPerExample, place, within } from "./_draws.ts";
import { erase } from "./_erase.ts";
import { drawWindow, pixelMap } from "./_geometry.ts";
import { planOf } from "./_plan.ts";
import { sample } from "./_sample.ts";
import type { AugmentationOptions } from "./options.ts";

/**
 * Makes a view of each of some images: numbers from 0 to 1, `[rows, height, width, channels]`, which the caller
 * disposes.
 *
 * A view depends on the key, the row, and how often the row came before in `rows`, and on no other example: so a row
 * that comes twice is seen twice differently, and a second view of the same rows needs only another key.
 */
export type Augmentation = (set: ImageSet, rows: ArrayLike<number>, key: Key) => Tensor4D;

/**
 * Augments images at random: affine maps, crops and flips, which are composed and sampled once, then color, blur and
 * erased windows.
 *
 * Crops, flips, color jitter, grayscale and blur are those of Chen et al., "A simple framework for contrastive learning
 * of visual representations", 2020; there the blur, of probability 0.5, is left out for small images. Erased windows are
 * those of Zhong et al., "Random erasing data augmentation", 2020. Images have 1 or 3 channels. The numbers that an
 * example draws for one change stay the same when another is turned on or off.
 *
 * @param options What happens and how strongly; nothing at all if empty, which gives `imageTensor`.
 * @returns A function from images and a key to views. It throws a RangeError if a row is none of the set's, the images
 * have neither 1 nor 3 channels, or `fill` has not one number a channel.
 * @throws {RangeError} If an option is out of its range.
 *
 * @example
 * ```ts
 * import { augmentation, type ImageSet } from "@gradfold/gradfold/data";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals, assertNotEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const set: ImageSet = {
 *   examples: 1,
 *   height: 1,
 *   width: 3,
 *   channels: 1,
 *   pixels: Uint8Array.of(0, 51, 255),
 *   labels: Int32Array.of(0),
 *   classes: ["cat"],
 *   origins: Int32Array.of(0),
 *   sources: ["me"],
 *   names: ["tom"],
 * };
 * const mirrored = augmentation({ flip: 1 })(set, [0], key(0));
 * assertEquals([mirrored.shape, mirrored.dataSync()[2]], [[1, 1, 3, 1], 0]);
 *
 * const strong = augmentation({ crop: { scale: [0.2, 1] }, flip: 0.5, colorJitter: { brightness: 0.4 } });
 * assertNotEquals(strong(set, [0], key(1)).dataSync(), strong(set, [0], key(2)).dataSync());
 * ```
 */
export function augmentation(options: AugmentationOptions): Augmentation {
  const plan = planOf(options);
  return (set, rows, key) => {
    const { height, width, channels } = set;
    checkSet(set, rows);
    const fill = fillOf(plan.fill, channels);
    const draws = drawsOf(fold(key, "augmentation"), rows, set.examples);
    const size = height * width * channels;
    const values = new Float32Array(rows.length * size);
    for (let i = 0; i < rows.length; i++) {
      const bytes = set.pixels.subarray(rows[i]! * size, (rows[i]! + 1) * size);
      const image = values.subarray(i * size, (i + 1) * size);
      const at = i * drawsPerExample;
      const map = pixelMap(plan, draws, at, width, height);
      if (map) sample(bytes, set, map, fill, image);
      else for (let j = 0; j < size; j++) image[j] = bytes[j]! / 255;
      if (plan.colorJitter) jitter(image, channels, plan.colorJitter, draws, at);
      if (draws[at + place.grayscale]! < plan.grayscale) grayscale(image, channels);
      if (plan.blur && draws[at + place.blur]! < plan.blur.probability) {
        blur(image, set, within(plan.blur.sigma, draws[at + place.blur + 1]!));
      }
      if (plan.erasing && draws[at + place.erasing]! < plan.erasing.probability) {
        erase(image, set, drawWindow(plan.erasing, draws, at + place.erasing + 1, width, height), fill);
      }
    }
    return tf.tensor4d(values, [rows.length, height, width, channels]);
  };
}

function fillOf(fill: number | readonly number[], channels: number): Float32Array {
  if (typeof fill === "number") return new Float32Array(channels).fill(fill);
  if (fill.length !== channels) {
    throw new RangeError(`Cannot augment: fill has ${fill.length} numbers, expected ${channels}, one a channel`);
  }
  return Float32Array.from(fill);
}

function checkSet({ examples, channels }: ImageSet, rows: ArrayLike<number>): void {
  if (channels !== 1 && channels !== 3) {
    throw new RangeError(`Cannot augment: the images have ${channels} channels, expected 1 or 3`);
  }
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (!Number.isInteger(row) || row < 0 || row >= examples) {
      throw new RangeError(`Cannot augment: rows[${i}] is ${row}, expected a row of ${examples} images`);
    }
  }
}
