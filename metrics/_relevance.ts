/**
 * Which references match which queries, by labels or by lists.
 *
 * @module
 */
import type { Labels } from "./_labels.ts";

/**
 * The matches of each query.
 *
 * References are named by their place in an order of its own, in which the matches of queries that follow each other
 * stand together where that can be had.
 */
export interface Relevance {
  /** The queries that have a match, in the order in which they are worked off. */
  readonly queries: Int32Array;
  /** The rows of all references, by place. */
  readonly references: Int32Array;
  /** The place that a query leaves out, or -1. */
  readonly excluded: (query: number) => number;
  /** The places of a query's matches, ascending. */
  readonly matches: (query: number) => Int32Array;
  /** The gain of each match, where they differ. */
  readonly gains?: (query: number) => Float64Array;
}

/** References match that have the query's label. */
export function matchLabels({ labels, referenceLabels, excluded }: Labels): Relevance {
  const references = rowsByLabel(referenceLabels);
  const places = Int32Array.from(references.keys());
  const placeOf = new Int32Array(references.length);
  const ranges = new Map<number, { first: number; end: number }>();
  references.forEach((row, place) => {
    placeOf[row] = place;
    const label = referenceLabels[row]!;
    ranges.set(label, { first: ranges.get(label)?.first ?? place, end: place + 1 });
  });
  const find = (query: number) => {
    const { first, end } = ranges.get(labels[query]!) ?? { first: 0, end: 0 };
    const without = excluded[query]! < 0 ? -1 : placeOf[excluded[query]!]!;
    return { first, end, without, holdsIt: without >= first && without < end };
  };
  const hasMatch = (query: number) => {
    const { first, end, holdsIt } = find(query);
    return end - first > (holdsIt ? 1 : 0);
  };
  return {
    queries: rowsByLabel(labels).filter(hasMatch),
    references,
    excluded: (query) => find(query).without,
    matches: (query) => {
      const { first, end, without, holdsIt } = find(query);
      const all = places.subarray(first, end);
      return holdsIt ? all.filter((place) => place !== without) : all;
    },
  };
}

function rowsByLabel(labels: ArrayLike<number>): Int32Array {
  return Int32Array.from(labels, (_, row) => row).sort((a, b) => labels[a]! - labels[b]! || a - b);
}

/** References match that a list names for the query, with a gain above 0. */
export function matchLists(
  relevant: readonly ArrayLike<number>[],
  gains: readonly ArrayLike<number>[] | undefined,
  { references, excluded }: { references: number; excluded: Int32Array },
): Relevance {
  const gainOf = (query: number, i: number) => gains ? gains[query]![i]! : 1;
  const found = relevant.map((rows, query) =>
    Array.from(rows, (row, i) => ({ row, gain: gainOf(query, i) }))
      .filter(({ row, gain }) => gain > 0 && row !== excluded[query])
      .sort((a, b) => a.row - b.row)
  );
  return {
    queries: Int32Array.from(found.keys()).filter((query) => found[query]!.length > 0),
    references: Int32Array.from({ length: references }, (_, row) => row),
    excluded: (query) => excluded[query]!,
    matches: (query) => Int32Array.from(found[query]!, ({ row }) => row),
    ...(gains && { gains: (query) => Float64Array.from(found[query]!, ({ gain }) => gain) }),
  };
}
