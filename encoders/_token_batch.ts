import * as tf from "@tensorflow/tfjs";
import type { Tensor2D, TokenBatch } from "../core/mod.ts";
import { asFloat } from "./_layers.ts";

/** Checks a batch of tokens and gives its sizes, and its mask as float32. */
export function readTokens({ ids, mask }: TokenBatch): { examples: number; length: number; mask: Tensor2D } {
  if (!(ids instanceof tf.Tensor && mask instanceof tf.Tensor)) {
    throw new TypeError("Cannot encode: the batch has no ids or no mask, expected { ids, mask }");
  }
  const [examples, length] = ids.shape;
  if (ids.rank !== 2 || mask.shape.join() !== ids.shape.join() || ids.size === 0) {
    throw new RangeError(
      `Cannot encode: ids have shape [${ids.shape}] and the mask [${mask.shape}], expected [examples, length] for both`,
    );
  }
  return { examples, length, mask: asFloat(mask) };
}
