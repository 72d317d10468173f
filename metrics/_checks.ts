/**
 * What the metrics demand of matrices, labels and options.
 *
 * @module
 */
import type { Tensor2D } from "../core/types.ts";

/** Checks that matrices of the same width have rows. */
export function checkMatrices(cannot: string, matrices: { readonly [name: string]: Tensor2D }): void {
  const entries = Object.entries(matrices);
  for (const [name, matrix] of entries) {
    if (matrix.rank !== 2 || matrix.size === 0) {
      throw new RangeError(
        `Cannot ${cannot}: ${name} has shape [${matrix.shape}], expected [rows, dim] with at least one row`,
      );
    }
  }
  const [[model, { shape: [, width] }], ...others] = entries as [[string, Tensor2D]];
  for (const [name, { shape }] of others as [string, Tensor2D][]) {
    if (shape[1] !== width) {
      throw new RangeError(`Cannot ${cannot}: ${name} are ${shape[1]} wide, expected ${width} as the ${model}`);
    }
  }
}

/** Checks an option that counts something. */
export function checkCount(cannot: string, name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`Cannot ${cannot}: ${name} is ${value}, expected an integer of at least 1`);
  }
}

/** Checks an option that scales something. */
export function checkPositive(cannot: string, name: string, value: number): void {
  if (!(value > 0)) throw new RangeError(`Cannot ${cannot}: ${name} is ${value}, expected a number above 0`);
}

/** Checks how rows are compared. */
export function checkSimilarity(cannot: string, similarity: string): void {
  if (similarity !== "cosine" && similarity !== "dot") {
    throw new RangeError(`Cannot ${cannot}: similarity is ${similarity}, expected "cosine" or "dot"`);
  }
}
