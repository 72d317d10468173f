/**
 * Metrics of rankings by their definitions: a full sort in float64, and loops over it.
 *
 * @module
 */
import type { RankingMetrics } from "../../metrics/mod.ts";

/** What {@linkcode rankNaively} is told. */
export interface NaiveOptions {
  /** The gain of a reference for a query, 0 if it does not match. */
  readonly gain: (query: number, reference: number) => number;
  readonly cosine: boolean;
  readonly k: readonly number[];
  readonly exclude?: (query: number) => number | undefined;
  /** Whether the query and the reference are of one group. */
  readonly together?: (query: number, reference: number) => boolean;
}

/** The metrics, or undefined if no query has a match. */
export function rankNaively(queries: number[][], references: number[][], options: NaiveOptions) {
  const { gain, cosine, k, exclude, together } = options;
  const all = queries.map((query, i) => {
    const scored = references.map((reference, row) => {
      const length = cosine ? Math.hypot(...query) * Math.hypot(...reference) : 1;
      return { row, score: Math.round(dot(query, reference) / (length || 1) * 1e9), gain: gain(i, row) };
    }).filter(({ row }) => row !== exclude?.(i) && !together?.(i, row));
    // Of references that tie, the better comes last.
    return scored.sort((a, b) => b.score - a.score || a.gain - b.gain).map(({ gain }) => gain);
  });
  const ranked = all.filter((gains) => gains.some((gain) => gain > 0));
  if (ranked.length === 0) return undefined;
  const mean = (of: (gains: number[]) => number) => ranked.reduce((sum, gains) => sum + of(gains), 0) / ranked.length;
  const byDepth = (of: (gains: number[], depth: number) => number) =>
    Object.fromEntries(k.map((depth) => [depth, mean((gains) => of(gains, depth))]));
  return {
    ranked: ranked.length,
    leftOut: all.length - ranked.length,
    precisionAt1: mean((gains) => precision(gains, 1)),
    recall: byDepth((gains, depth) => gains.slice(0, depth).some((gain) => gain > 0) ? 1 : 0),
    rPrecision: mean((gains) => precision(gains, matches(gains))),
    mapAtR: mean((gains) => averagePrecision(gains, matches(gains))),
    map: mean((gains) => averagePrecision(gains, gains.length)),
    mrr: mean((gains) => 1 / (gains.findIndex((gain) => gain > 0) + 1)),
    ndcg: mean((gains) => ndcg(gains, gains.length)),
    ndcgAt: byDepth(ndcg),
  } satisfies Omit<RankingMetrics, "perQuery">;
}

function dot(a: number[], b: number[]): number {
  return a.reduce((sum, x, i) => sum + x * b[i]!, 0);
}

function matches(gains: number[]): number {
  return gains.filter((gain) => gain > 0).length;
}

function precision(gains: number[], depth: number): number {
  return matches(gains.slice(0, depth)) / depth;
}

function averagePrecision(gains: number[], depth: number): number {
  let sum = 0;
  for (let rank = 1; rank <= depth; rank++) if (gains[rank - 1]! > 0) sum += precision(gains, rank);
  return sum / matches(gains);
}

function ndcg(gains: number[], depth: number): number {
  const dcg = (list: number[]) => list.slice(0, depth).reduce((sum, gain, i) => sum + gain / Math.log2(i + 2), 0);
  return dcg(gains) / dcg(gains.toSorted((a, b) => b - a));
}
