/**
 * Which references match which queries, by labels or by lists.
 *
 * @module
 */
import { leavesOut, type LeftOut } from "../core/left_out.ts";
import type { Labels } from "./_labels.ts";
import { findLeftOut, type LeftOutPlaces } from "./_left_out.ts";

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
  /** The places that a query leaves out. */
  readonly leftOut: (query: number) => LeftOutPlaces;
  /** The places of a query's matches, ascending. */
  readonly matches: (query: number) => Int32Array;
  /** The gain of each match, where they differ. */
  readonly gains?: (query: number) => Float64Array;
}

/** References match that have the query's label and are not left out. */
export function matchLabels({ labels, referenceLabels, leftOut }: Labels): Relevance {
  const references = rowsByLabel(referenceLabels);
  const places = Int32Array.from(references.keys());
  const ranges = new Map<number, { first: number; end: number }>();
  references.forEach((row, place) => {
    const label = referenceLabels[row]!;
    ranges.set(label, { first: ranges.get(label)?.first ?? place, end: place + 1 });
  });
  const find = (query: number) => {
    const { first, end } = ranges.get(labels[query]!) ?? { first: 0, end: 0 };
    return places.subarray(first, end);
  };
  const counts = (query: number) => (place: number) => !leavesOut(leftOut, query, references[place]!);
  return {
    queries: rowsByLabel(labels).filter((query) => find(query).some(counts(query))),
    references,
    leftOut: findLeftOut(leftOut, references),
    matches: (query) => find(query).filter(counts(query)),
  };
}

function rowsByLabel(labels: ArrayLike<number>): Int32Array {
  return Int32Array.from(labels, (_, row) => row).sort((a, b) => labels[a]! - labels[b]! || a - b);
}

/** References match that a list names for the query, with a gain above 0, and that are not left out. */
export function matchLists(
  relevant: readonly ArrayLike<number>[],
  gains: readonly ArrayLike<number>[] | undefined,
  { references, leftOut }: { references: number; leftOut: LeftOut },
): Relevance {
  const gainOf = (query: number, i: number) => gains ? gains[query]![i]! : 1;
  const found = relevant.map((rows, query) =>
    Array.from(rows, (row, i) => ({ row, gain: gainOf(query, i) }))
      .filter(({ row, gain }) => gain > 0 && !leavesOut(leftOut, query, row))
      .sort((a, b) => a.row - b.row)
  );
  const rows = Int32Array.from({ length: references }, (_, row) => row);
  return {
    queries: Int32Array.from(found.keys()).filter((query) => found[query]!.length > 0),
    references: rows,
    leftOut: findLeftOut(leftOut, rows),
    matches: (query) => Int32Array.from(found[query]!, ({ row }) => row),
    ...(gains && { gains: (query) => Float64Array.from(found[query]!, ({ gain }) => gain) }),
  };
}
