/**
 * Labels of queries and references, which may be the same rows.
 *
 * @module
 */
import { checkLabels } from "../core/labels.ts";
import { type ExcludeReference, type Groups, type LeftOut, readLeftOut } from "../core/left_out.ts";
import type { Tensor2D } from "../core/types.ts";
import { checkMatrices } from "./_checks.ts";

/** What tells for each query which references count as right. */
export interface Labels {
  /** The labels of the queries. */
  readonly labels: ArrayLike<number>;
  /** The labels of the references; those of the queries if they are the same rows. */
  readonly referenceLabels: ArrayLike<number>;
  /** What each query leaves out. */
  readonly leftOut: LeftOut;
}

/**
 * Checks labels and fills in what was left out: without labels of their own, the references are the queries, and each
 * query is left out of what it searches.
 */
export function readLabels(
  cannot: string,
  { queries, references }: { queries: Tensor2D; references: Tensor2D },
  given: Partial<Groups> & {
    readonly labels: ArrayLike<number>;
    readonly referenceLabels?: ArrayLike<number>;
    readonly exclude?: ExcludeReference;
  },
): Labels {
  checkMatrices(cannot, { queries, references });
  const { labels, referenceLabels } = given;
  const oneSet = referenceLabels === undefined;
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
    leftOut: readLeftOut(cannot, { queries, references }, {
      ...given,
      exclude: given.exclude ?? ((query) => oneSet ? query : undefined),
      oneSet,
    }),
  };
}
