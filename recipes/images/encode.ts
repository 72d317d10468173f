/**
 * Representations of image sets.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type Encoder, key, type Tensor2D, type Tensor4D } from "../../core/mod.ts";
import { type ImageSet, imageTensor } from "../../data/mod.ts";

/** Encodes all images as they are, a piece at a time, to `[examples, dim]`, which the caller disposes. */
export function encodeImages(encoder: Encoder<Tensor4D>, set: ImageSet, piece = 256): Tensor2D {
  return tf.tidy(() => {
    const parts: Tensor2D[] = [];
    for (let first = 0; first < set.examples; first += piece) {
      const rows = Int32Array.from({ length: Math.min(piece, set.examples - first) }, (_, i) => first + i);
      parts.push(tf.tidy(() => encoder.encode(imageTensor(set, rows), { training: false, key: key(0), rows })));
    }
    return tf.concat(parts, 0) as Tensor2D;
  });
}

/** The pixels themselves as representations, less the mean of each image, `[examples, height · width · channels]`. */
export function pixelRows(set: ImageSet): Tensor2D {
  return tf.tidy(() => {
    const all = Int32Array.from({ length: set.examples }, (_, row) => row);
    const rows = tf.reshape(imageTensor(set, all), [set.examples, -1]);
    return tf.sub(rows, tf.mean(rows, 1, true)) as Tensor2D;
  });
}
