/**
 * How well the nearest neighbors tell a label.
 *
 * @module
 */
import { nearestNeighbors } from "../core/neighbors.ts";
import type { Tensor2D } from "../core/types.ts";
import { checkCount, checkPositive, checkSimilarity } from "./_checks.ts";
import { readLabels } from "./_labels.ts";

/** Options of {@linkcode knnAccuracy}. */
export interface KNNOptions {
  /** The labels of the queries, any integers. */
  readonly labels: ArrayLike<number>;
  /**
   * The labels of the references. If left out, the references are the queries themselves, row for row, and no query
   * votes for itself.
   */
  readonly referenceLabels?: ArrayLike<number>;
  /** How many neighbors vote. 20 if left out. */
  readonly k?: number;
  /** The temperature T of the votes; Infinity counts them alike. 0.07 if left out. */
  readonly temperature?: number;
  /** How rows are compared: by the cosine of their angle or by their dot product. Cosine if left out. */
  readonly similarity?: "cosine" | "dot";
  /** Rows in a block of queries or references. 1024 if left out. */
  readonly block?: number;
  /**
   * Gives for a query the reference that does not vote, such as itself. If not given, the query itself where the
   * references are the queries, else none.
   */
  readonly exclude?: (query: number) => number | undefined;
  /**
   * The groups of the queries, any integers, such as who drew or took an image: a query leaves out all references of
   * its own group, so that they do not vote. None if left out.
   */
  readonly groups?: ArrayLike<number>;
  /** The groups of the references. May be left out with `groups` if the references are the queries, row for row. */
  readonly referenceGroups?: ArrayLike<number>;
}

/** What the neighbors say. */
export interface KNN {
  /** The share of queries whose label was predicted. */
  readonly accuracy: number;
  /** The predicted labels; NaN for a query without neighbors, which counts as wrong. */
  readonly predictions: Float64Array;
}

/**
 * Predicts each query's label by a vote of its k nearest references, and says how often that is right.
 *
 * ŷ = argmax over labels of Σ exp(sᵢ/T) over the neighbors i with that label, with sᵢ their similarity.
 *
 * Of references that tie the lower row is the nearer, and of labels that tie the one of the nearer neighbor wins. The
 * similarities are streamed as in `nearestNeighbors`.
 *
 * Wu, Xiong, Yu and Lin, "Unsupervised feature learning via non-parametric instance discrimination", 2018.
 *
 * @param queries `[queries, dim]`
 * @param references `[references, dim]`; the queries again to leave one out at a time.
 * @throws {RangeError} If widths differ, a matrix is empty, labels or groups do not fit the rows, or an option lies
 * outside its range.
 *
 * @example
 * ```ts
 * import { knnAccuracy } from "@gradfold/gradfold/metrics";
 * import { useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const rows = tf.tensor2d([[1, 0], [1, 0.1], [0, 1], [0.1, 1]]);
 * const { accuracy, predictions } = await knnAccuracy(rows, rows, { labels: [5, 5, 8, 5], k: 1 });
 * assertEquals([...predictions], [5, 5, 5, 8]);
 * assertEquals(accuracy, 0.5);
 * ```
 */
export async function knnAccuracy(queries: Tensor2D, references: Tensor2D, options: KNNOptions): Promise<KNN> {
  const { k = 20, temperature = 0.07, similarity = "cosine", block = 1024 } = options;
  checkCount("vote", "k", k);
  checkCount("vote", "block", block);
  checkPositive("vote", "temperature", temperature);
  checkSimilarity("vote", similarity);
  const { labels, referenceLabels, leftOut } = readLabels("vote", { queries, references }, options);
  const depth = Math.min(k, references.shape[0]);
  const exclude = (query: number) => leftOut.excluded[query]! < 0 ? undefined : leftOut.excluded[query]!;
  const found = await nearestNeighbors(queries, references, {
    ...leftOut.grouping,
    k: depth,
    similarity,
    block,
    exclude,
  });
  const predictions = Float64Array.from({ length: queries.shape[0] }, (_, query) => {
    const [first, end] = [query * depth, (query + 1) * depth];
    return vote(found.indices.subarray(first, end), found.similarities.subarray(first, end), {
      labels: referenceLabels,
      temperature,
    });
  });
  return { accuracy: predictions.filter((label, i) => label === labels[i]).length / predictions.length, predictions };
}

function vote(
  neighbors: Int32Array,
  similarities: Float32Array,
  { labels, temperature }: { labels: ArrayLike<number>; temperature: number },
): number {
  const votes = new Map<number, number>();
  neighbors.forEach((row, i) => {
    if (row < 0) return;
    // Measured from the best, so that no exponential overflows.
    const weight = Math.exp((similarities[i]! - similarities[0]!) / temperature);
    votes.set(labels[row]!, (votes.get(labels[row]!) ?? 0) + weight);
  });
  let [best, most] = [NaN, -Infinity];
  for (const [label, weight] of votes) if (weight > most) [best, most] = [label, weight];
  return best;
}
