/**
 * Lists of tokens of different length as two matrices.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { TokenBatch } from "../core/types.ts";

/** How token lists are padded and weighted. */
export interface TokenBatchOptions {
  /** Columns of the batch: longer lists are cut, shorter ones padded; that of the longest list if left out. */
  readonly length?: number;
  /** Columns at the most, where `length` is left out: longer lists are cut. */
  readonly maxLength?: number;
  /** What the mask holds for each token id in place of 1, for encoders that take weighted means; see `inverseDocumentFrequency`. */
  readonly weights?: ArrayLike<number>;
}

/**
 * Puts token lists into a batch, padded with id 0 or cut to the same length.
 *
 * @param lists The token ids of each text; an empty list gives a row without tokens.
 * @param options The common length, and weights for the mask.
 * @returns Ids `[examples, length]`, int32, and mask `[examples, length]`, float32: 1 (or its weight) where there is a token, 0
 * behind each text's end. The caller disposes both.
 * @throws {RangeError} If there is no list, the length is not an integer of at least 1, or a token has no weight.
 *
 * @example
 * ```ts
 * import { subwordHasher, tokenBatch } from "@gradfold/gradfold/data";
 * import { assertEquals } from "@std/assert";
 *
 * const tokenizer = subwordHasher();
 * const batch = tokenBatch(["a dog", "cats"].map(tokenizer.encode), { length: 16 });
 * assertEquals(batch.ids.shape, [2, 16]);
 * batch.ids.dispose();
 * batch.mask.dispose();
 * ```
 */
export function tokenBatch(lists: readonly ArrayLike<number>[], options: TokenBatchOptions = {}): TokenBatch {
  if (lists.length === 0) throw new RangeError("Cannot batch tokens: there is no text, expected at least one");
  const { weights, maxLength = Infinity } = options;
  if (maxLength !== Infinity) requireLength("maxLength", maxLength);
  const { length = lists.reduce((most, list) => Math.max(most, Math.min(list.length, maxLength)), 1) } = options;
  requireLength("length", length);
  const ids = new Int32Array(lists.length * length);
  const mask = new Float32Array(lists.length * length);
  lists.forEach((list, row) => {
    const start = row * length;
    const count = Math.min(list.length, length);
    for (let i = 0; i < count; i++) {
      const id = list[i]!;
      const weight = weights ? weights[id] : 1;
      if (weight === undefined) {
        throw new RangeError(
          `Cannot batch tokens: text ${row} has token id ${id}, but there are ${
            weights!.length
          } weights; expected more`,
        );
      }
      ids[start + i] = id;
      mask[start + i] = weight;
    }
  });
  const shape: [number, number] = [lists.length, length];
  return { ids: tf.tensor2d(ids, shape, "int32"), mask: tf.tensor2d(mask, shape) };
}

function requireLength(name: string, length: number): void {
  if (!Number.isInteger(length) || length < 1) {
    throw new RangeError(`Cannot batch tokens: ${name} is ${length}, expected an integer of at least 1`);
  }
}
