/**
 * Recall@k and mean reciprocal rank, streamed over blocks.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor2D } from "../core/types.ts";
import { checkCount, checkMatrices, checkSimilarity } from "./_checks.ts";
import { countBehind, prepareRows, thresholds, withSlack } from "./_similarity.ts";

/** Options of {@linkcode retrieval}. */
export interface RetrievalOptions {
  /** For each query the row of the reference that is right. */
  readonly relevant: Int32Array;
  /** The depths of recall. 1, 10 and 100 if left out. */
  readonly k?: readonly number[];
  /** How rows are compared: by the cosine of their angle or by their dot product. Cosine if left out. */
  readonly similarity?: "cosine" | "dot";
  /** Rows in a block of queries or references. 1024 if left out. */
  readonly block?: number;
}

/** How well queries find their references. */
export interface Retrieval {
  /** Recall@k by k: the share of queries whose right reference has a rank of at most k. */
  readonly recall: { readonly [k: number]: number };
  /** Mean reciprocal rank: the mean of 1 / rank. */
  readonly mrr: number;
  /** For each query the rank of its right reference, 1 for the best. */
  readonly ranks: Int32Array;
}

/**
 * Ranks for each query all references by their similarity, and sums up where the right one comes.
 *
 * rank(i) = 1 + #{ j ≠ relevant(i) : s(i, j) ≥ s(i, relevant(i)) }
 *
 * Ties count against the query, so that an encoder that maps everything to one point scores nothing, as does one whose
 * representations are not numbers. As float32 cannot tell them apart, similarities count as tied that differ by less
 * than 2⁻²² √dim ‖q‖ (‖r‖ + ‖r′‖). Whether copies of a reference tie then does not depend on rounding, so neither on
 * the size of blocks.
 *
 * Similarities are computed block by block: less than two matrices of `block` × `block` stand at a time, whatever the
 * numbers of queries and references.
 *
 * @param queries `[queries, dim]`
 * @param references `[references, dim]`
 * @throws {RangeError} If widths differ, a matrix is empty, `relevant` does not have one row of the references for each
 * query, or an option lies outside its range.
 *
 * @example
 * ```ts
 * import { retrieval } from "@gradfold/gradfold/metrics";
 * import { useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const references = tf.tensor2d([[1, 0], [0, 1], [1, 1]]);
 * const queries = tf.tensor2d([[1, 0.1], [1, 0.9]]);
 * const { recall, mrr } = await retrieval(queries, references, {
 *   relevant: Int32Array.of(0, 0),
 *   k: [1, 2],
 * });
 * assertEquals(recall, { 1: 0.5, 2: 1 });
 * assertEquals(mrr, 0.75);
 * ```
 */
export async function retrieval(
  queries: Tensor2D,
  references: Tensor2D,
  options: RetrievalOptions,
): Promise<Retrieval> {
  const { relevant, k = [1, 10, 100], similarity = "cosine", block = 1024 } = options;
  check(queries, references, { relevant, k, similarity, block });
  const ranks = new Int32Array(relevant.length);
  for (let first = 0; first < ranks.length; first += block) {
    const right = relevant.subarray(first, first + block);
    const rows = tf.tidy(() => withSlack(prepareRows(tf.slice(queries, [first, 0], [right.length, -1]), similarity)));
    const least = thresholds(rows, references, right, similarity);
    const behind = await countBehind(rows, references, { right, least, similarity, block })
      .finally(() => tf.dispose([rows, least]));
    behind.forEach((count, i) => ranks[first + i] = references.shape[0] - count);
  }
  const mean = (of: (rank: number) => number) => ranks.reduce((sum, rank) => sum + of(rank), 0) / ranks.length;
  return {
    recall: Object.fromEntries(k.map((depth) => [depth, mean((rank) => rank <= depth ? 1 : 0)])),
    mrr: mean((rank) => 1 / rank),
    ranks,
  };
}

function check(queries: Tensor2D, references: Tensor2D, options: Required<RetrievalOptions>): void {
  const { relevant, k, similarity, block } = options;
  checkMatrices("rank", { queries, references });
  const [count] = queries.shape;
  if (relevant.length !== count) {
    throw new RangeError(
      `Cannot rank: relevant has ${relevant.length} entries, expected one for each of ${count} queries`,
    );
  }
  const odd = relevant.findIndex((row) => row < 0 || row >= references.shape[0]);
  if (odd >= 0) {
    throw new RangeError(
      `Cannot rank: relevant[${odd}] is ${relevant[odd]}, expected a row of ${references.shape[0]} references`,
    );
  }
  for (const depth of k) checkCount("rank", "k", depth);
  checkCount("rank", "block", block);
  checkSimilarity("rank", similarity);
}
