/**
 * Representations in two dimensions.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { fold, type Key } from "../../core/key.ts";
import { nearestNeighbors } from "../../core/neighbors.ts";
import { permutation, stream } from "../../core/stream.ts";
import type { Tensor2D } from "../../core/types.ts";

/** Options of {@linkcode embeddingMap}. */
export interface EmbeddingMapOptions {
  /** The key of the points that are chosen, and of all randomness of the map. */
  readonly key: Key;
  /** How many points there are at most; if there are more rows, so many are chosen. 1000 if left out. */
  readonly points?: number;
  /** How many nearest neighbors of a row tell where it belongs, itself among them. 15 if left out. */
  readonly neighbors?: number;
  /** How close points come to each other. 0.1 if left out. */
  readonly minDistance?: number;
  /** How many rounds the map is improved. 500 if left out. */
  readonly epochs?: number;
}

/** A point of a map. */
export interface MapPoint {
  /** The row that it stands for. */
  readonly row: number;
  /** Place along the x axis, which means nothing by itself. */
  readonly x: number;
  /** Place along the y axis. */
  readonly y: number;
}

/**
 * Draws a map of representations, on which rows are near to each other that are near by the cosine of their angle.
 *
 * Neighbors are found exactly; their layout is UMAP. The same rows and the same key give the same map on the same engine.
 *
 * McInnes, Healy and Melville, "UMAP: Uniform manifold approximation and projection for dimension reduction", 2018.
 *
 * @param representations `[rows, dim]`
 * @returns The points in the order of their rows.
 * @throws {RangeError} If an option lies outside its range, there are not more rows than neighbors, or a row holds what
 * is not a number.
 *
 * @example
 * ```ts
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const rows = tf.tensor2d(Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(i), i % 2]));
 * const map = await embeddingMap(rows, { key: key(1), points: 30, neighbors: 5, epochs: 50 });
 * assertEquals(map.length, 30);
 * ```
 */
export async function embeddingMap(representations: Tensor2D, options: EmbeddingMapOptions): Promise<MapPoint[]> {
  const { key, points = 1000, neighbors = 15, minDistance = 0.1, epochs = 500 } = options;
  const [count] = representations.shape;
  check({ points, neighbors, epochs }, minDistance);
  if (Math.min(count, points) <= neighbors) {
    throw new RangeError(
      `Cannot draw a map: there are ${Math.min(count, points)} points, expected more than ${neighbors} neighbors`,
    );
  }
  const rows = permutation(fold(key, "points"), count).subarray(0, points).sort();
  const { indices, distances } = await neighborLists(representations, rows, neighbors);
  // Loaded when the first map is drawn: whoever draws none does not wait for it.
  const { UMAP } = await import("umap-js");
  const next = stream(fold(key, "layout"));
  const umap = new UMAP({
    nComponents: 2,
    nNeighbors: neighbors,
    minDist: minDistance,
    nEpochs: epochs,
    random: () => next() * 2 ** -32,
  });
  umap.setPrecomputedKNN(indices, distances);
  // With neighbors given, it only counts the vectors.
  const places = umap.fit(Array.from(rows, (row) => [row]));
  return Array.from(rows, (row, i) => ({ row, x: places[i]![0]!, y: places[i]![1]! }));
}

/** For each of some rows itself and its nearest others among them, with 1 - cosine as distance. */
async function neighborLists(
  representations: Tensor2D,
  rows: Int32Array,
  neighbors: number,
): Promise<{ indices: number[][]; distances: number[][] }> {
  const chosen = tf.tidy(() => tf.gather(representations, tf.tensor1d(rows, "int32")));
  const k = neighbors - 1;
  const found = await nearestNeighbors(chosen, chosen, { k, exclude: (query) => query })
    .finally(() => chosen.dispose());
  const odd = found.indices.findIndex((index) => index < 0);
  if (odd >= 0) {
    const row = rows[Math.floor(odd / k)];
    throw new RangeError(`Cannot draw a map: row ${row} has less than ${k} neighbors, expected numbers in all rows`);
  }
  const apart = found.similarities.map((cosine) => Math.max(0, 1 - cosine));
  return {
    indices: Array.from(rows, (_, i) => [i, ...found.indices.subarray(i * k, (i + 1) * k)]),
    distances: Array.from(rows, (_, i) => [0, ...apart.subarray(i * k, (i + 1) * k)]),
  };
}

function check(counts: Readonly<Record<string, number>>, minDistance: number): void {
  for (const [name, value] of Object.entries(counts)) {
    const least = name === "neighbors" ? 2 : 1;
    if (!Number.isSafeInteger(value) || value < least) {
      throw new RangeError(`Cannot draw a map: ${name} is ${value}, expected an integer of at least ${least}`);
    }
  }
  if (!(minDistance >= 0 && minDistance <= 1)) {
    throw new RangeError(`Cannot draw a map: minDistance is ${minDistance}, expected a number from 0 to 1`);
  }
}
