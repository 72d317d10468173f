/**
 * Labels and ids from what a step hands to its loss.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { canReadSync } from "../backend.ts";
import type { Batch, Tensor, Tensor1D, Tensor2D } from "../types.ts";

/** Labels and ids of the examples, int32 `[examples]`. */
export interface Targets {
  readonly labels?: Tensor1D;
  readonly ids?: Tensor1D;
}

/**
 * Reads labels, or a record of labels and ids.
 *
 * @throws {TypeError} If they are no tensors of one axis.
 * @throws {RangeError} If their number is not that of the examples, or one is not an integer.
 */
export function readTargets(targets: Batch | undefined, examples: number): Targets {
  if (targets === undefined) return {};
  if (targets instanceof tf.Tensor) return { labels: integers("labels", targets, examples) };
  const { labels } = targets as { readonly [name: string]: Batch };
  const ids = readIds(targets, examples);
  return {
    ...(labels === undefined ? {} : { labels: integers("labels", labels, examples) }),
    ...(ids ? { ids } : {}),
  };
}

/** Reads the ids of a record of targets; other targets may be anything. */
export function readIds(targets: Batch | undefined, examples: number): Tensor1D | undefined {
  if (targets === undefined || targets instanceof tf.Tensor || Array.isArray(targets)) return undefined;
  const { ids } = targets as { readonly [name: string]: Batch };
  return ids === undefined ? undefined : integers("ids", ids, examples);
}

function integers(name: string, values: Batch, examples: number): Tensor1D {
  if (!(values instanceof tf.Tensor) || values.rank !== 1) {
    const got = values instanceof tf.Tensor ? `a tensor of shape [${values.shape}]` : `a ${typeof values}`;
    throw new TypeError(`Cannot relate examples: ${name} are ${got}, expected a tensor [examples]`);
  }
  if (values.shape[0] !== examples) {
    throw new RangeError(`Cannot relate examples: there are ${values.shape[0]} ${name} for ${examples} examples`);
  }
  if (values.dtype === "int32") return values as Tensor1D;
  return asIntegers(name, values);
}

function asIntegers(name: string, values: Tensor): Tensor1D {
  if (values.dtype !== "float32" || !canReadSync()) {
    throw new TypeError(`Cannot relate examples: ${name} are ${values.dtype}, expected int32`);
  }
  const numbers = values.dataSync();
  // From 2^24 on float32 does not hold every integer: different labels may have become equal.
  const odd = numbers.findIndex((value) => !Number.isInteger(value) || Math.abs(value) >= 2 ** 24);
  if (odd >= 0) {
    const expected = Number.isInteger(numbers[odd]) ? "int32 from 2^24 on" : "integers";
    throw new RangeError(`Cannot relate examples: ${name}[${odd}] is ${numbers[odd]}, expected ${expected}`);
  }
  return tf.cast(values, "int32") as Tensor1D;
}

/**
 * Checks that all inputs are matrices of the same width, and of the same number of rows where they are views.
 *
 * @returns The number of rows of the first.
 */
export function checkMatrices(matrices: readonly Tensor2D[], views: boolean): number {
  const [first] = matrices;
  if (!first) throw new TypeError("Cannot compare rows: got no matrix, expected at least one");
  for (const [i, matrix] of matrices.entries()) {
    if (matrix.rank !== 2) {
      throw new TypeError(`Cannot compare rows: input ${i} has shape [${matrix.shape}], expected [rows, dim]`);
    }
    if (matrix.shape[1] !== first.shape[1]) {
      throw new RangeError(
        `Cannot compare rows: input ${i} is ${matrix.shape[1]} wide, expected ${first.shape[1]} as the first`,
      );
    }
    if (views && matrix.shape[0] !== first.shape[0]) {
      throw new RangeError(
        `Cannot compare rows: input ${i} has ${matrix.shape[0]} rows, expected ${first.shape[0]} as the first`,
      );
    }
  }
  if (first.shape[0] === 0) throw new RangeError("Cannot compare rows: there are no anchors");
  return first.shape[0];
}
