/**
 * The accuracy of clusters, under the best naming of them.
 *
 * @module
 */
import { munkres } from "munkres";
import { contingency } from "./_contingency.ts";

/**
 * Clustering accuracy: the share of examples in the right cluster, if each cluster stands for at most one class and the
 * pairs are chosen as well as they can be.
 *
 * ACC = max over one-to-one pairings of clusters and classes of 1/N Σ over pairs of the examples that they share.
 *
 * The pairing is found by the Hungarian algorithm, on a matrix of classes × clusters. Examples of clusters without a
 * class, when there are more of them, count as wrong.
 *
 * Kuhn, "The Hungarian method for the assignment problem", 1955; Yang, Xu, Nie, Yan and Zhuang, "Image clustering using
 * local discriminant models and global integration", 2010.
 *
 * @param labels The class of each example, any integers.
 * @param clusters The cluster of each example, any integers.
 * @throws {RangeError} If there are no examples, the lengths differ, or an entry is no integer.
 *
 * @example
 * ```ts
 * import { clusteringAccuracy } from "@gradfold/gradfold/metrics";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(clusteringAccuracy([0, 0, 1, 1], [7, 7, 3, 3]), 1);
 * assertEquals(clusteringAccuracy([0, 0, 1, 1], [0, 1, 2, 2]), 0.75);
 * ```
 */
export function clusteringAccuracy(labels: ArrayLike<number>, clusters: ArrayLike<number>): number {
  const { count, rows, columns, cells } = contingency("compare partitions", labels, clusters);
  const shared = rows.map(() => new Int32Array(columns.length));
  for (const { row, column, size } of cells) shared[row]![column] = size;
  const costs = shared.map((sizes) => sizes.map((size) => -size));
  return munkres(costs).reduce((sum, [row, column]) => sum + shared[row]![column]!, 0) / count;
}
