import * as tf from "@tensorflow/tfjs";
import type { Sequences, TokenBatch } from "../core/mod.ts";

/** How long texts are by their masks, and how they are cut. */
export const tokenSequences: Sequences<TokenBatch> = {
  lengths: ({ mask }) => {
    const [examples, width] = mask.shape;
    const weights = mask.dataSync();
    return Int32Array.from({ length: examples }, (_, row) => {
      let length = width;
      while (length > 0 && weights[row * width + length - 1] === 0) length--;
      return length;
    });
  },
  crop: ({ ids, mask }, length) => {
    const [examples, width] = ids.shape;
    if (length >= width) return { ids, mask };
    return { ids: tf.slice(ids, [0, 0], [examples, length]), mask: tf.slice(mask, [0, 0], [examples, length]) };
  },
};
