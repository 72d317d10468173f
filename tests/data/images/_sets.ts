import type { ImageSet } from "../../../data/images/image_set.ts";
import { key } from "../../../core/key.ts";
import { stream } from "../../../core/stream.ts";

/** A set of images from their pixels. */
export function setOf(pixels: ArrayLike<number>, height: number, width: number, channels: number): ImageSet {
  const examples = pixels.length / (height * width * channels);
  return {
    examples,
    height,
    width,
    channels,
    pixels: Uint8Array.from(pixels),
    labels: new Int32Array(examples),
    classes: ["any"],
    origins: new Int32Array(examples),
    sources: ["unknown"],
    names: Array.from({ length: examples }, (_, i) => `image-${i}`),
  };
}

/** A set of images of random bytes. */
export function randomSet(examples: number, height: number, width: number, channels: number, seed = 0): ImageSet {
  const next = stream(key(seed));
  const pixels = Array.from({ length: examples * height * width * channels }, () => next() >>> 24);
  return setOf(pixels, height, width, channels);
}
