/**
 * Distances between rows of two matrices that belong together.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { l2Normalize } from "../core/ops/normalize.ts";
import type { Tensor2D } from "../core/types.ts";
import { checkCount, checkMatrices } from "./_checks.ts";

/** Up to `count` rows of a matrix, of length 1 if that is asked for. */
export function sliceRows(
  matrix: Tensor2D,
  { first, count, normalize }: { first: number; count: number; normalize: boolean },
): Tensor2D {
  return tf.tidy(() => {
    const rows = tf.slice(matrix, [first, 0], [Math.min(count, matrix.shape[0] - first), -1]);
    return normalize ? l2Normalize(rows) : rows;
  });
}

/** The squared distance of each row to the same row of another matrix, block by block. */
export async function pairedDistances(
  x: Tensor2D,
  y: Tensor2D,
  { block, normalize }: { block: number; normalize: boolean },
): Promise<Float32Array> {
  const distances = new Float32Array(x.shape[0]);
  for (let first = 0; first < distances.length; first += block) {
    const slice = { first, count: block, normalize };
    const found = tf.tidy(() => tf.sum(tf.square(tf.sub(sliceRows(x, slice), sliceRows(y, slice))), 1));
    distances.set(await found.data<"float32">().finally(() => found.dispose()), first);
  }
  return distances;
}

/** Checks two matrices of the same shape and the size of a block. */
export function checkPaired(cannot: string, matrices: { readonly [name: string]: Tensor2D }, block: number): void {
  checkMatrices(cannot, matrices);
  const [[, model], [name, other]] = Object.entries(matrices) as [[string, Tensor2D], [string, Tensor2D]];
  if (other.shape[0] !== model.shape[0]) {
    throw new RangeError(`Cannot ${cannot}: ${name} has ${other.shape[0]} rows, expected ${model.shape[0]}`);
  }
  checkCount(cannot, "block", block);
}
