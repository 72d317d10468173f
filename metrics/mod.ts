/**
 * Metrics of representations: rankings, nearest neighbors, clusters, how they spread and how they move.
 *
 * ```ts
 * import { retrieval } from "@gradfold/gradfold/metrics";
 * import { useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const rows = tf.randomNormal([100, 8]) as tf.Tensor2D;
 * const { recall } = await retrieval(rows, rows, {
 *   relevant: Int32Array.from({ length: 100 }, (_, i) => i),
 * });
 * assertEquals(recall[1], 1);
 * ```
 *
 * @module
 */
export * from "./adjusted_rand_index.ts";
export * from "./alignment.ts";
export * from "./clustering_accuracy.ts";
export * from "./drift.ts";
export * from "./k_means.ts";
export * from "./knn.ts";
export * from "./mutual_information.ts";
export * from "./ranking.ts";
export * from "./retrieval.ts";
export * from "./uniformity.ts";
