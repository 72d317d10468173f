/**
 * What the losses demand of their options and inputs.
 *
 * @module
 */
import type { Tensor2D } from "../core/types.ts";

/** Checks that a temperature, or a bound of one, is a finite number above 0. */
export function checkTemperature(name: string, value: number): void {
  if (!Number.isFinite(value) || value <= 0) {
    throw new RangeError(`Cannot make a temperature: ${name} is ${value}, expected a finite number above 0`);
  }
}

/** Checks anchors, references of which the first are the positives, and further matrices of references. */
export function checkPairs(loss: string, representations: readonly Tensor2D[]): void {
  const [anchors, references] = representations;
  if (!anchors || !references) {
    throw new TypeError(
      `Cannot compute ${loss}: got ${representations.length} matrices, expected anchors and references`,
    );
  }
  for (const [i, matrix] of representations.entries()) {
    if (matrix.rank !== 2) {
      throw new TypeError(`Cannot compute ${loss}: input ${i} has shape [${matrix.shape}], expected [rows, dim]`);
    }
    if (matrix.shape[1] !== anchors.shape[1]) {
      throw new RangeError(
        `Cannot compute ${loss}: input ${i} is ${matrix.shape[1]} wide, expected ${anchors.shape[1]} as the anchors`,
      );
    }
  }
  if (anchors.shape[0] === 0) throw new RangeError(`Cannot compute ${loss}: there are no anchors`);
  if (references.shape[0] < anchors.shape[0]) {
    throw new RangeError(
      `Cannot compute ${loss}: ${references.shape[0]} references for ${anchors.shape[0]} anchors, ` +
        "expected at least one each",
    );
  }
}

/** Checks that options are finite numbers. */
export function checkFiniteOption(loss: string, options: { readonly [name: string]: number }): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Number.isFinite(value)) {
      throw new RangeError(`Cannot make ${loss}: ${name} is ${value}, expected a finite number`);
    }
  }
}

/** Checks that options are finite numbers above 0. */
export function checkPositiveOption(loss: string, options: { readonly [name: string]: number }): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Number.isFinite(value) || value <= 0) {
      throw new RangeError(`Cannot make ${loss}: ${name} is ${value}, expected a finite number above 0`);
    }
  }
}
