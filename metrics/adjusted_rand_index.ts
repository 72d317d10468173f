/**
 * The adjusted Rand index of two partitions.
 *
 * @module
 */
import { contingency } from "./_contingency.ts";

/**
 * Adjusted Rand index: how often two partitions agree on whether two examples belong together, less what is due to
 * chance.
 *
 * ARI = (S - E) / ((A + B) / 2 - E), with A and B the pairs of examples that the one and the other partition puts
 * together, S those that both do, and E = A B / C(N, 2).
 *
 * 1 for partitions that are the same but for the names of their classes, 0 on average for random ones.
 *
 * Hubert and Arabie, "Comparing partitions", 1985.
 *
 * @param labels The class of each example, any integers.
 * @param clusters The cluster of each example, any integers.
 * @throws {RangeError} If there are no examples, the lengths differ, or an entry is no integer.
 *
 * @example
 * ```ts
 * import { adjustedRandIndex } from "@gradfold/gradfold/metrics";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * assertAlmostEquals(adjustedRandIndex([0, 0, 1, 1], [7, 7, 3, 3]), 1);
 * assertAlmostEquals(adjustedRandIndex([0, 0, 1, 1], [0, 1, 0, 1]), -0.5);
 * ```
 */
export function adjustedRandIndex(labels: ArrayLike<number>, clusters: ArrayLike<number>): number {
  const { count, rows, columns, cells, same } = contingency("compare partitions", labels, clusters);
  if (same) return 1;
  const pairs = (size: number) => size * (size - 1) / 2;
  const sum = (sizes: readonly number[]) => sizes.reduce((sum, size) => sum + pairs(size), 0);
  const [together, first, second] = [sum(cells.map(({ size }) => size)), sum(rows), sum(columns)];
  const expected = first * second / pairs(count);
  return (together - expected) / ((first + second) / 2 - expected);
}
