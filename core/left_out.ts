/**
 * What queries leave out of the references.
 *
 * @module
 */
import type { Tensor2D } from "./types.ts";
import { checkLabels } from "./labels.ts";

/** Gives for a query the reference that is left out for it, if there is one. */
export type ExcludeReference = (query: number) => number | undefined;

/** The groups of queries and references; a query leaves out its own. */
export interface Groups {
  readonly groups: ArrayLike<number>;
  readonly referenceGroups: ArrayLike<number>;
}

/** What each query leaves out of the references: one row at most, and all of its own group. */
export interface LeftOut {
  /** For each query the reference that is left out, or -1. */
  readonly excluded: Int32Array;
  /** The groups, if there are any. */
  readonly grouping: Groups | undefined;
}

interface Matrices {
  readonly queries: Tensor2D;
  readonly references: Tensor2D;
}

/** Checks what is left out. Groups of references may be missing if they are one set with the queries. */
export function readLeftOut(
  cannot: string,
  matrices: Matrices,
  given: Partial<Groups> & { exclude: ExcludeReference; oneSet: boolean },
): LeftOut {
  return { excluded: excludedRows(cannot, matrices, given.exclude), grouping: readGroups(cannot, matrices, given) };
}

/** For each query the reference that is left out, or -1. */
function excludedRows(cannot: string, { queries, references }: Matrices, exclude: ExcludeReference): Int32Array {
  const [count] = references.shape;
  return Int32Array.from({ length: queries.shape[0] }, (_, query) => {
    const row = exclude(query);
    if (row === undefined) return -1;
    if (Number.isSafeInteger(row) && row >= 0 && row < count) return row;
    throw new RangeError(
      `Cannot ${cannot}: exclude(${query}) is ${row}, expected undefined or a row of ${count} references`,
    );
  });
}

function readGroups(
  cannot: string,
  { queries, references }: Matrices,
  { groups, referenceGroups, oneSet }: Partial<Groups> & { oneSet: boolean },
): Groups | undefined {
  if (groups === undefined && referenceGroups === undefined) return undefined;
  if (groups === undefined) throw new RangeError(`Cannot ${cannot}: there are referenceGroups, expected groups too`);
  checkLabels(cannot, { name: "groups", labels: groups, count: queries.shape[0], rows: "queries" });
  if (referenceGroups !== undefined) {
    const count = references.shape[0];
    checkLabels(cannot, { name: "referenceGroups", labels: referenceGroups, count, rows: "references" });
  } else if (!oneSet) {
    const [count] = references.shape;
    throw new RangeError(
      `Cannot ${cannot}: there are groups, but none for the ${count} references, expected referenceGroups`,
    );
  }
  return { groups, referenceGroups: referenceGroups ?? groups };
}

/** Whether a query leaves out a reference. */
export function leavesOut({ excluded, grouping }: LeftOut, query: number, row: number): boolean {
  return row === excluded[query] ||
    (grouping !== undefined && grouping.referenceGroups[row] === grouping.groups[query]);
}
