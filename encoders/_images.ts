import type { Tensor4D } from "../core/mod.ts";
import { asFloat } from "./_layers.ts";

/** The images as float32, which must have the encoder's size. */
export function imagesOf(batch: Tensor4D, shape: readonly [number, number, number]): Tensor4D {
  if (batch.rank !== 4 || batch.shape.slice(1).join() !== shape.join() || batch.size === 0) {
    throw new RangeError(`Cannot encode: the batch has shape [${batch.shape}], expected [examples,${shape}]`);
  }
  return asFloat(batch);
}

/** Throws a RangeError if groups of channels do not divide the channels of some stage. */
export function requireGroups(maker: string, groups: number, filters: readonly number[]): void {
  const uneven = filters.find((count) => count % groups !== 0);
  if (uneven !== undefined) {
    throw new RangeError(`Cannot make ${maker}: groups is ${groups}, expected a divisor of ${uneven} filters`);
  }
}
