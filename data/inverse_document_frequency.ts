/**
 * How telling each token of a corpus is.
 *
 * @module
 */
import type { TokenTable } from "./token_table.ts";

/**
 * The inverse document frequency of each row of a vocabulary: ln(1 + (N - n + ½) / (n + ½)) for n of N texts that hold the token.
 *
 * It is the weight that BM25 gives a term (Robertson and Zaragoza, 2009). As weights of {@linkcode TokenTable.batch} it turns
 * the mean of a text's token embeddings into one that rare tokens lead.
 *
 * @param table The corpus.
 * @returns One positive weight for each row, the largest for those of tokens that no text holds.
 *
 * @example
 * ```ts
 * import { inverseDocumentFrequency, subwordHasher, tokenTable } from "@gradfold/gradfold/data";
 * import { assert } from "@std/assert";
 *
 * const tokenizer = subwordHasher();
 * const weights = inverseDocumentFrequency(tokenTable(tokenizer, ["a dog", "a cat", "a fish"]));
 * const [common, rare] = ["a", "fish"].map((word) => weights[tokenizer.encode(word)[0]!]!);
 * assert(common! < rare!);
 * ```
 */
export function inverseDocumentFrequency(table: TokenTable): Float32Array {
  const counts = new Float32Array(table.vocabularySize);
  // The last text that each token was counted for, from 1; a set for each text would take several times as long.
  const countedFor = new Int32Array(table.vocabularySize);
  for (let example = 0; example < table.examples; example++) {
    for (const id of table.tokens(example)) {
      if (countedFor[id] === example + 1) continue;
      countedFor[id] = example + 1;
      counts[id]!++;
    }
  }
  return counts.map((n) => Math.log(1 + (table.examples - n + 0.5) / (n + 0.5)));
}
