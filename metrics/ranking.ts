/**
 * Metrics of rankings in which a query has several matches, streamed over blocks.
 *
 * @module
 */
import { readLeftOut } from "../core/left_out.ts";
import type { Tensor2D } from "../core/types.ts";
import { checkCount, checkMatrices, checkSimilarity } from "./_checks.ts";
import { checkLists } from "./_lists.ts";
import { readLabels } from "./_labels.ts";
import { rankMatches } from "./_ranks.ts";
import { matchLabels, matchLists, type Relevance } from "./_relevance.ts";
import { discounts, score } from "./_scores.ts";

/** Matches by label: every reference with the query's label. */
export interface LabelMatches {
  /** The labels of the queries, any integers. */
  readonly labels: ArrayLike<number>;
  /**
   * The labels of the references. If left out, the references are the queries themselves, row for row, and each query
   * is left out of its own ranking.
   */
  readonly referenceLabels?: ArrayLike<number>;
}

/** Matches by list: the references that were judged relevant to the query. */
export interface ListedMatches {
  /** For each query the rows of its relevant references, in any order; a list may be empty. */
  readonly relevant: readonly ArrayLike<number>[];
  /**
   * For each query how relevant those references are, which counts in NDCG; a gain of 0 makes one irrelevant. 1 for
   * all if left out.
   */
  readonly gains?: readonly ArrayLike<number>[];
}

/** What {@linkcode rankingMetrics} can be told beside the matches. */
export interface RankingSettings {
  /** The depths of recall and NDCG. 1, 10 and 100 if left out. */
  readonly k?: readonly number[];
  /** How rows are compared: by the cosine of their angle or by their dot product. Cosine if left out. */
  readonly similarity?: "cosine" | "dot";
  /** Rows in a block of queries or references. 1024 if left out. */
  readonly block?: number;
  /**
   * Gives for a query the reference that is left out of its ranking, such as itself. If not given, the query itself
   * where the references are the queries (see {@linkcode LabelMatches}), else none.
   */
  readonly exclude?: (query: number) => number | undefined;
  /**
   * The groups of the queries, any integers, such as who drew or took an image: a query leaves out all references of
   * its own group, so that they are neither matches nor in the ranking. None if left out.
   */
  readonly groups?: ArrayLike<number>;
  /** The groups of the references. May be left out with `groups` if the references are the queries, row for row. */
  readonly referenceGroups?: ArrayLike<number>;
}

/** Options of {@linkcode rankingMetrics}. */
export type RankingOptions = (LabelMatches | ListedMatches) & RankingSettings;

/** The scores of each query, by row; NaN for a query without a match. */
export interface QueryScores {
  /** The rank of the first match; 0 for a query without a match. */
  readonly firstRank: Int32Array;
  /** R-precision. */
  readonly rPrecision: Float64Array;
  /** Average precision over the first R ranks. */
  readonly averagePrecisionAtR: Float64Array;
  /** Average precision over all ranks. */
  readonly averagePrecision: Float64Array;
  /** Normalized discounted cumulative gain over all ranks. */
  readonly ndcg: Float64Array;
  /** The same over the first k ranks, by k. */
  readonly ndcgAt: { readonly [k: number]: Float64Array };
}

/** How well queries find their matches: means over the queries that have one. */
export interface RankingMetrics {
  /** How many queries have a match. */
  readonly ranked: number;
  /** How many queries have none, and are left out of all means. */
  readonly leftOut: number;
  /** Precision@1: the share of queries whose first reference matches. */
  readonly precisionAt1: number;
  /** Recall@k by k: the share of queries with a match among the first k references. */
  readonly recall: { readonly [k: number]: number };
  /** R-precision: the share of matches among the first R references. */
  readonly rPrecision: number;
  /** MAP@R: average precision over the first R ranks, 1/R Σ over matches at rank ≤ R of the precision there. */
  readonly mapAtR: number;
  /** Mean average precision: 1/R Σ over all matches of the precision at their rank. */
  readonly map: number;
  /** Mean reciprocal rank of the first match. */
  readonly mrr: number;
  /** NDCG over all ranks. */
  readonly ndcg: number;
  /** NDCG@k by k. */
  readonly ndcgAt: { readonly [k: number]: number };
  /** The scores of each query. */
  readonly perQuery: QueryScores;
}

/**
 * Ranks for each query all references by their similarity, and scores where its R matches come.
 *
 * The m-th match has the rank m + #{ j that does not match : s(i, j) ≥ s(i, match) }; the precision at its rank is
 * m / rank; NDCG is Σ gain / log₂(1 + rank) over the matches, divided by what the best order would give.
 *
 * Ties count against the query as in `retrieval`, and similarities tie that float32 cannot tell apart: an
 * encoder that maps everything to one point finds its matches behind all other references. Of matches that tie the
 * smaller gain comes first. What is not a number matches last.
 *
 * With `groups` the rows of a query's own group are taken out of the references before anything is counted: R counts
 * the matches of other groups, and a query whose matches are all of its own group has none.
 *
 * Similarities are computed block by block: one matrix of `block` × `block` stands at a time, and the similarities of
 * the matches of `block` queries.
 *
 * MAP@R: Musgrave, Belongie and Lim, "A metric learning reality check", 2020. NDCG: Järvelin and Kekäläinen, "Cumulated
 * gain-based evaluation of IR techniques", 2002.
 *
 * @param queries `[queries, dim]`
 * @param references `[references, dim]`; the queries again for the metrics of one set.
 * @throws {TypeError} If the options have neither `labels` nor `relevant`.
 * @throws {RangeError} If widths differ, a matrix is empty, labels, lists or groups do not fit the rows, an option lies
 * outside its range, or no query has a match.
 *
 * @example
 * ```ts
 * import { rankingMetrics } from "@gradfold/gradfold/metrics";
 * import { useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const rows = tf.tensor2d([[1, 0], [1, 0.1], [0, 1], [1, 0.3]]);
 * const { precisionAt1, map, leftOut } = await rankingMetrics(rows, rows, { labels: [7, 7, 9, 7] });
 * assertEquals(precisionAt1, 1);
 * assertEquals(map, 1);
 * assertEquals(leftOut, 1);
 *
 * // The first two rows are of one artist, and so are the others: a match counts if another artist drew it.
 * const others = await rankingMetrics(rows, rows, { labels: [7, 7, 9, 7], groups: [1, 1, 2, 2] });
 * assertEquals([...others.perQuery.firstRank], [1, 1, 0, 1]);
 * ```
 */
export async function rankingMetrics(
  queries: Tensor2D,
  references: Tensor2D,
  options: RankingOptions,
): Promise<RankingMetrics> {
  const { k = [1, 10, 100], similarity = "cosine", block = 1024 } = options;
  for (const depth of k) checkCount("rank", "k", depth);
  checkCount("rank", "block", block);
  checkSimilarity("rank", similarity);
  const relevance = readMatches(queries, references, options);
  if (relevance.queries.length === 0) {
    const which = options.groups ? "a match of another group" : "a match";
    throw new RangeError(`Cannot rank: none of ${queries.shape[0]} queries has ${which}, expected at least one`);
  }
  const none = () => new Float64Array(queries.shape[0]).fill(NaN);
  const perQuery = {
    firstRank: new Int32Array(queries.shape[0]),
    rPrecision: none(),
    averagePrecisionAtR: none(),
    averagePrecision: none(),
    ndcg: none(),
    ndcgAt: Object.fromEntries(k.map((depth) => [depth, none()])),
  };
  const discount = discounts(references.shape[0]);
  await rankMatches(queries, references, { relevance, similarity, block }, (query, ranking) => {
    const { ndcgAt, ...scores } = score(ranking, k, discount);
    perQuery.firstRank[query] = ranking.ranks[0]!;
    for (const name of ["rPrecision", "averagePrecisionAtR", "averagePrecision", "ndcg"] as const) {
      perQuery[name][query] = scores[name];
    }
    k.forEach((depth, i) => perQuery.ndcgAt[depth]![query] = ndcgAt[i]!);
  });
  return summarize(perQuery, relevance.queries, k);
}

function readMatches(queries: Tensor2D, references: Tensor2D, options: RankingOptions): Relevance {
  const matrices = { queries, references };
  if ("labels" in options) return matchLabels(readLabels("rank", matrices, options));
  if (!("relevant" in options)) throw new TypeError("Cannot rank: options have neither labels nor relevant");
  checkMatrices("rank", matrices);
  const { relevant, gains, exclude = () => undefined } = options;
  checkLists(relevant, gains, matrices);
  const oneSet = references.shape[0] === queries.shape[0];
  const leftOut = readLeftOut("rank", matrices, { ...options, exclude, oneSet });
  return matchLists(relevant, gains, { references: references.shape[0], leftOut });
}

function summarize(perQuery: QueryScores, ranked: Int32Array, k: readonly number[]): RankingMetrics {
  const mean = (of: (query: number) => number) => ranked.reduce((sum, query) => sum + of(query), 0) / ranked.length;
  const { firstRank, rPrecision, averagePrecisionAtR, averagePrecision, ndcg, ndcgAt } = perQuery;
  return {
    ranked: ranked.length,
    leftOut: firstRank.length - ranked.length,
    precisionAt1: mean((query) => firstRank[query] === 1 ? 1 : 0),
    recall: Object.fromEntries(k.map((depth) => [depth, mean((query) => firstRank[query]! <= depth ? 1 : 0)])),
    rPrecision: mean((query) => rPrecision[query]!),
    mapAtR: mean((query) => averagePrecisionAtR[query]!),
    map: mean((query) => averagePrecision[query]!),
    mrr: mean((query) => 1 / firstRank[query]!),
    ndcg: mean((query) => ndcg[query]!),
    ndcgAt: Object.fromEntries(k.map((depth) => [depth, mean((query) => ndcgAt[depth]![query]!)])),
    perQuery,
  };
}
