/**
 * Labels of queries and references, which may be the same rows.
 *
 * @module
 */
import type { Tensor2D } from "../core/types.ts";
import { checkLabels, checkMatrices } from "./_checks.ts";

/** Gives for a query the reference that is left out for it, if there is one. */
export type ExcludeReference = (query: number) => number | undefined;

/** What tells for each query which references count as right. */
export interface Labels {
  /** The labels of the queries. */
  readonly labels: ArrayLike<number>;
  /** The labels of the references; those of the queries if they are the same rows. */
  readonly referenceLabels: ArrayLike<number>;
  /** For each query the reference that is left out, or -1. */
  readonly excluded: Int32Array;
}

/**
 * Checks labels and fills in what was left out: without labels of their own, the references are the queries, and each
 * query is left out of what it searches.
 */
export function readLabels(
  cannot: string,
  { queries, references }: { queries: Tensor2D; references: Tensor2D },
  given: { labels: ArrayLike<number>; referenceLabels?: ArrayLike<number>; exclude?: ExcludeReference },
): Labels {
  checkMatrices(cannot, { queries, references });
  const { labels, referenceLabels, exclude } = given;
  checkLabels(cannot, { name: "labels", labels, count: queries.shape[0], rows: "queries" });
  if (referenceLabels) {
    checkLabels(cannot, {
      name: "referenceLabels",
      labels: referenceLabels,
      count: references.shape[0],
      rows: "references",
    });
  } else if (references.shape[0] !== queries.shape[0]) {
    throw new RangeError(
      `Cannot ${cannot}: there are ${references.shape[0]} references without labels, expected referenceLabels, or ` +
        `the ${queries.shape[0]} queries themselves`,
    );
  }
  return {
    labels,
    referenceLabels: referenceLabels ?? labels,
    excluded: excludedRows(cannot, { queries, references }, exclude ?? (referenceLabels ? () => undefined : (i) => i)),
  };
}

/** For each query the reference that is left out, or -1. */
export function excludedRows(
  cannot: string,
  { queries, references }: { queries: Tensor2D; references: Tensor2D },
  exclude: ExcludeReference,
): Int32Array {
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
