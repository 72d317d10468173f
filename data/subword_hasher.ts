/**
 * Words and their character n-grams, hashed to rows.
 *
 * @module
 */
import type { Tokenizer } from "./tokenizer.ts";
import { words } from "./words.ts";

/** How words are cut and hashed. */
export interface SubwordHasherOptions {
  /** Rows of the embedding table, row 0 included, which is padding; 16,384 by default. */
  readonly rows?: number;
  /** The shortest and the longest character n-gram; [3, 5] by default. */
  readonly ngrams?: readonly [number, number];
}

// 32-bit FNV-1a: the offset basis for n-grams, another for whole words so that "the" is not also the n-gram "the".
const NGRAM_BASIS = 0x811c9dc5;
const WORD_BASIS = 0x050c5d1f;

/**
 * A tokenizer without a vocabulary: each lower-case word gives one id for itself and one for each of its character n-grams,
 * with `<` before the word and `>` behind it. An id is a hash (FNV-1a) modulo the rows, so ids may collide.
 *
 * It suits rare words, which share n-grams with their relatives where they share no piece of a WordPiece vocabulary
 * (Bojanowski et al., "Enriching word vectors with subword information", 2017; hashing of whole words too is ours).
 *
 * @param options Rows of the table and length of the n-grams.
 * @returns The tokenizer.
 * @throws {RangeError} If there are fewer than two rows, or the n-gram lengths are no positive integers in order.
 *
 * @example
 * ```ts
 * import { subwordHasher } from "@gradfold/gradfold/data";
 * import { assertEquals } from "@std/assert";
 *
 * // The word itself, <do, dog, og>, <dog, dog>, <dog>
 * assertEquals(subwordHasher().encode("Dog").length, 7);
 * ```
 */
export function subwordHasher(options: SubwordHasherOptions = {}): Tokenizer {
  const { rows = 16384, ngrams: [shortest, longest] = [3, 5] } = options;
  if (!Number.isInteger(rows) || rows < 2 || rows > 2 ** 31) {
    throw new RangeError(`Cannot hash subwords: rows is ${rows}, expected an integer from 2 to 2^31`);
  }
  if (!Number.isInteger(shortest) || !Number.isInteger(longest) || shortest < 1 || longest < shortest) {
    throw new RangeError(
      `Cannot hash subwords: ngrams is [${shortest}, ${longest}], expected two integers of at least 1 in ascending order`,
    );
  }
  const row = (hash: number): number => 1 + hash % (rows - 1);
  return {
    vocabularySize: rows,
    encode: (text) => {
      const ids: number[] = [];
      for (const word of words(text)) {
        const marked = `<${word}>`;
        let whole = WORD_BASIS;
        for (let i = 0; i < word.length; i++) whole = mix(whole, word.charCodeAt(i));
        ids.push(row(scatter(whole)));
        for (let start = 0; start + shortest <= marked.length; start++) {
          const end = Math.min(start + longest, marked.length);
          let hash = NGRAM_BASIS;
          for (let i = start; i < end; i++) {
            hash = mix(hash, marked.charCodeAt(i));
            if (i - start + 1 >= shortest) ids.push(row(scatter(hash)));
          }
        }
      }
      return ids;
    },
  };
}

function mix(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, 0x01000193);
}

// The low bits of FNV-1a alone know little of the last characters' high bits.
function scatter(hash: number): number {
  const folded = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (folded ^ (folded >>> 13)) >>> 0;
}
