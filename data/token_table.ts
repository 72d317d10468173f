/**
 * A corpus, tokenised once.
 *
 * @module
 */
import type { TokenBatch } from "../core/types.ts";
import { tokenBatch, type TokenBatchOptions } from "./token_batch.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** The tokens of many texts in one array, from which batches are cut without tokenising again. */
export interface TokenTable {
  /** How many texts there are. */
  readonly examples: number;
  /** How many rows the embedding table needs; the tokenizer's. */
  readonly vocabularySize: number;
  /** The token ids of one text, a view into the table. */
  tokens(example: number): Int32Array | Uint16Array;
  /** The batch of some texts, in the order named, each as often as named; the caller disposes its two tensors. */
  batch(examples: ArrayLike<number>, options?: TokenBatchOptions): TokenBatch;
}

/**
 * Tokenises a corpus once. Ids take two bytes each if the vocabulary allows, else four.
 *
 * @param tokenizer Gives the ids.
 * @param texts The corpus.
 * @returns The table.
 * @throws {RangeError} If the tokenizer gives an id outside its vocabulary, and on an example that does not exist.
 *
 * @example
 * ```ts
 * import { subwordHasher, tokenTable } from "@gradfold/gradfold/data";
 * import { assertEquals } from "@std/assert";
 *
 * const table = tokenTable(subwordHasher(), ["a dog", "two cats", "no bird"]);
 * const { ids, mask } = table.batch([2, 0], { length: 32 });
 * assertEquals(ids.shape, [2, 32]);
 * ids.dispose();
 * mask.dispose();
 * ```
 */
export function tokenTable(tokenizer: Tokenizer, texts: readonly string[]): TokenTable {
  const { vocabularySize } = tokenizer;
  const Ids = vocabularySize <= 2 ** 16 ? Uint16Array : Int32Array;
  const offsets = new Float64Array(texts.length + 1);
  let ids = new Ids(16 * texts.length);
  texts.forEach((text, example) => {
    const list = tokenizer.encode(text);
    const start = offsets[example]!;
    const end = start + list.length;
    if (end > ids.length) {
      const grown = new Ids(Math.max(end, Math.ceil(1.5 * ids.length)));
      grown.set(ids);
      ids = grown;
    }
    list.forEach((id, i) => {
      if (!(id >= 0 && id < vocabularySize)) {
        throw new RangeError(
          `Cannot tokenise text ${example}: a token's id is ${id}, expected an integer from 0 to ${vocabularySize - 1}`,
        );
      }
      ids[start + i] = id;
    });
    offsets[example + 1] = end;
  });
  ids = ids.slice(0, offsets[texts.length]);

  const tokens = (example: number): Int32Array | Uint16Array => {
    if (!Number.isInteger(example) || example < 0 || example >= texts.length) {
      throw new RangeError(
        `Cannot read tokens: example is ${example}, expected an integer from 0 to ${texts.length - 1}`,
      );
    }
    return ids.subarray(offsets[example]!, offsets[example + 1]!);
  };
  return {
    examples: texts.length,
    vocabularySize,
    tokens,
    batch: (examples, options) => tokenBatch(Array.from(examples, tokens), options),
  };
}
