/**
 * What the ranks of a query's matches are worth.
 *
 * @module
 */
import type { Ranking } from "./_ranks.ts";

/** The scores of one query. */
export interface Scores {
  readonly rPrecision: number;
  readonly averagePrecisionAtR: number;
  readonly averagePrecision: number;
  readonly ndcg: number;
  /** For each depth the normalized discounted cumulative gain down to it. */
  readonly ndcgAt: readonly number[];
}

/** The discounts 1 / log₂(1 + rank) of all ranks, from rank 1 on. */
export function discounts(ranks: number): Float64Array {
  return Float64Array.from({ length: ranks }, (_, i) => 1 / Math.log2(i + 2));
}

/** Scores a ranking. */
export function score({ ranks, gains }: Ranking, depths: readonly number[], discount: Float64Array): Scores {
  const count = ranks.length;
  let [hits, upToR, upToEnd] = [0, 0, 0];
  ranks.forEach((rank, i) => {
    const precision = (i + 1) / rank;
    upToEnd += precision;
    if (rank > count) return;
    hits++;
    upToR += precision;
  });
  const ideal = gains?.toSorted().reverse();
  const ndcg = (depth: number) => {
    let [sum, best] = [0, 0];
    for (let i = 0; i < count; i++) {
      if (ranks[i]! <= depth) sum += (gains?.[i] ?? 1) * discount[ranks[i]! - 1]!;
      if (i < depth) best += (ideal?.[i] ?? 1) * discount[i]!;
    }
    return sum / best;
  };
  return {
    rPrecision: hits / count,
    averagePrecisionAtR: upToR / count,
    averagePrecision: upToEnd / count,
    ndcg: ndcg(Infinity),
    ndcgAt: depths.map(ndcg),
  };
}
