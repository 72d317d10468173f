/**
 * How far apart the rows of a pair are.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { unitDistances } from "../core/ops/pairs/mod.ts";
import type { Tensor2D } from "../core/types.ts";

/** Euclidean distance of rows at length 1, or their cosine. */
export type Measure = "distance" | "cosine";

/** Checks the name of a measure. */
export function checkMeasure(loss: string, measure: Measure): void {
  if (measure !== "distance" && measure !== "cosine") {
    throw new RangeError(`Cannot make ${loss}: measure is ${measure}, expected "distance" or "cosine"`);
  }
}

/** What is larger the farther apart rows with these cosines are: √(2 - 2s), or -s. */
export function farness(cosines: Tensor2D, measure: Measure): Tensor2D {
  return measure === "distance" ? unitDistances(cosines) : tf.mul(cosines, -1);
}

/** Products of the rows of one matrix with those of another, one by one, `[rows, 1]`. */
export function rowProducts(a: Tensor2D, b: Tensor2D): Tensor2D {
  return tf.sum(tf.mul(a, b), 1, true);
}

/** What a mean is over: the terms above 0, or all of them. */
export type Reduction = "nonZero" | "all";

/** Checks a reduction. */
export function checkReduction(loss: string, reduction: string): void {
  if (reduction !== "nonZero" && reduction !== "all") {
    throw new RangeError(`Cannot make ${loss}: reduction is ${reduction}, expected "nonZero" or "all"`);
  }
}
