/**
 * Normalized and adjusted mutual information of two partitions.
 *
 * @module
 */
import { type Contingency, contingency } from "./_contingency.ts";
import { expectedMutualInformation } from "./_expected_mutual_information.ts";

/**
 * Normalized mutual information: how much two partitions of the same examples tell of each other.
 *
 * NMI = I(U, V) / ((H(U) + H(V)) / 2), with I(U, V) = Σ nᵤᵥ/N log(N nᵤᵥ / (nᵤ nᵥ)) and H(U) = -Σ nᵤ/N log(nᵤ/N),
 * where nᵤᵥ examples are in class u of one and class v of the other.
 *
 * 1 for partitions that are the same but for the names of their classes, be it a single class; 0 if one partition has a
 * single class and the other has not. It grows with the number of clusters even if they are drawn at random:
 * {@linkcode adjustedMutualInformation} does not.
 *
 * Strehl and Ghosh, "Cluster ensembles", 2002; normalized by the arithmetic mean as in scikit-learn.
 *
 * @param labels The class of each example, any integers.
 * @param clusters The cluster of each example, any integers.
 * @throws {RangeError} If there are no examples, the lengths differ, or an entry is no integer.
 *
 * @example
 * ```ts
 * import { normalizedMutualInformation } from "@gradfold/gradfold/metrics";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * assertAlmostEquals(normalizedMutualInformation([0, 0, 1, 1], [7, 7, 3, 3]), 1);
 * assertAlmostEquals(normalizedMutualInformation([0, 0, 1, 1], [0, 1, 0, 1]), 0, 1e-12);
 * ```
 */
export function normalizedMutualInformation(labels: ArrayLike<number>, clusters: ArrayLike<number>): number {
  const table = contingency("compare partitions", labels, clusters);
  if (table.same) return 1;
  return mutualInformation(table) / meanEntropy(table);
}

/**
 * Adjusted mutual information: {@linkcode normalizedMutualInformation}, less what is due to chance.
 *
 * AMI = (I - E[I]) / ((H(U) + H(V)) / 2 - E[I]), with E[I] the exact expectation over all partitions with classes of
 * the same sizes.
 *
 * 1 for partitions that are the same but for the names of their classes, 0 on average for random ones, and negative for
 * what is worse.
 *
 * Vinh, Epps and Bailey, "Information theoretic measures for clusterings comparison", 2010; normalized by the
 * arithmetic mean as in scikit-learn.
 *
 * @param labels The class of each example, any integers.
 * @param clusters The cluster of each example, any integers.
 * @throws {RangeError} If there are no examples, the lengths differ, or an entry is no integer.
 *
 * @example
 * ```ts
 * import { adjustedMutualInformation } from "@gradfold/gradfold/metrics";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * assertAlmostEquals(adjustedMutualInformation([0, 0, 1, 1], [7, 7, 3, 3]), 1);
 * assertAlmostEquals(adjustedMutualInformation([0, 0, 1, 1], [0, 1, 2, 3]), 0, 1e-12);
 * ```
 */
export function adjustedMutualInformation(labels: ArrayLike<number>, clusters: ArrayLike<number>): number {
  const table = contingency("compare partitions", labels, clusters);
  if (table.same) return 1;
  const expected = expectedMutualInformation(table);
  return (mutualInformation(table) - expected) / (meanEntropy(table) - expected);
}

function mutualInformation({ count, rows, columns, cells }: Contingency): number {
  const sum = cells.reduce(
    (sum, { row, column, size }) => sum + size / count * Math.log(count * size / (rows[row]! * columns[column]!)),
    0,
  );
  return Math.max(sum, 0);
}

function meanEntropy({ count, rows, columns }: Contingency): number {
  const entropy = (sizes: readonly number[]) =>
    sizes.reduce((sum, size) => sum - size / count * Math.log(size / count), 0);
  return (entropy(rows) + entropy(columns)) / 2;
}
