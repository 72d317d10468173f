import type { Tensor } from "../core/mod.ts";

/** Throws a RangeError if one of some named options is no whole number above 0. */
export function requireCounts(maker: string, options: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`Cannot make ${maker}: ${name} is ${value}, expected a positive integer`);
    }
  }
}

/** Throws a RangeError if a dropout rate is not in [0, 1). */
export function requireRate(maker: string, rate: number): void {
  if (!(rate >= 0 && rate < 1)) {
    throw new RangeError(`Cannot make ${maker}: dropout is ${rate}, expected a number in [0, 1)`);
  }
}

/** Throws a RangeError if a tensor that takes the place of a parameter has another shape. */
export function requireShape(maker: string, name: string, tensor: Tensor, shape: readonly number[]): void {
  if (tensor.shape.join() !== shape.join()) {
    throw new RangeError(`Cannot make ${maker}: ${name} has shape [${tensor.shape}], expected [${shape}]`);
  }
}
