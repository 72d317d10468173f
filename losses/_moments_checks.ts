/**
 * What the losses over moments demand of their options and inputs.
 *
 * @module
 */
import type { Tensor2D } from "../core/types.ts";

/** Checks numbers by name, each of which must be finite and at least `least`, or above it if `strict`. */
export function checkNumbers(
  loss: string,
  numbers: Readonly<Record<string, number>>,
  { strict = false }: { strict?: boolean } = {},
): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (!Number.isFinite(value) || value < 0 || (strict && value === 0)) {
      const bound = strict ? "above 0" : "of at least 0";
      throw new RangeError(`Cannot make ${loss}: ${name} is ${value}, expected a finite number ${bound}`);
    }
  }
}

/** Checks the number of rows in a block. */
export function checkRows(loss: string, rows: number): void {
  if (!Number.isSafeInteger(rows) || rows < 1) {
    throw new RangeError(`Cannot make ${loss}: rows is ${rows}, expected an integer of at least 1`);
  }
}

/** Checks two views of the same examples, of which there must be two or more for a variance. */
export function checkViews(loss: string, representations: readonly Tensor2D[]): readonly [Tensor2D, Tensor2D] {
  const [a, b] = representations;
  if (!a || !b || representations.length > 2) {
    throw new TypeError(`Cannot compute ${loss}: got ${representations.length} matrices, expected two views`);
  }
  for (const [i, view] of [a, b].entries()) {
    if (view.rank !== 2) {
      throw new TypeError(`Cannot compute ${loss}: input ${i} has shape [${view.shape}], expected [examples, dim]`);
    }
  }
  if (a.shape.join() !== b.shape.join()) {
    throw new RangeError(`Cannot compute ${loss}: views have shapes [${a.shape}] and [${b.shape}], expected the same`);
  }
  if (a.shape[0] < 2 || a.shape[1] === 0) {
    throw new RangeError(
      `Cannot compute ${loss}: views have shape [${a.shape}], expected at least 2 examples, for a variance, and 1 column`,
    );
  }
  return [a, b];
}
