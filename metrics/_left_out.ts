/**
 * Where the references stand that queries leave out.
 *
 * @module
 */
import type { LeftOut } from "../core/left_out.ts";

/** The places of the references that a query leaves out. */
export interface LeftOutPlaces {
  /** The place of one reference of another group, or -1. */
  readonly single: number;
  /** The places of the query's group, ascending. */
  readonly group: Int32Array;
}

/** Finds the places of what a query leaves out, when the references stand in the order of `rows`. */
export function findLeftOut({ excluded, grouping }: LeftOut, rows: Int32Array): (query: number) => LeftOutPlaces {
  const placeOf = new Int32Array(rows.length);
  rows.forEach((row, place) => placeOf[row] = place);
  const none = new Int32Array(0);
  const single = (query: number) => excluded[query]! < 0 ? -1 : placeOf[excluded[query]!]!;
  if (!grouping) return (query) => ({ single: single(query), group: none });
  const { groups, referenceGroups } = grouping;
  const byGroup = placesByGroup(Array.from(rows, (row) => referenceGroups[row]!));
  return (query) => {
    const isMember = referenceGroups[excluded[query]!] === groups[query];
    return { single: isMember ? -1 : single(query), group: byGroup.get(groups[query]!) ?? none };
  };
}

function placesByGroup(groups: readonly number[]): Map<number, Int32Array> {
  const order = Int32Array.from(groups.keys()).sort((a, b) => groups[a]! - groups[b]! || a - b);
  const places = new Map<number, Int32Array>();
  for (let first = 0; first < order.length;) {
    const group = groups[order[first]!]!;
    let end = first;
    while (end < order.length && groups[order[end]!] === group) end++;
    places.set(group, order.subarray(first, end));
    first = end;
  }
  return places;
}
