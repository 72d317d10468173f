/**
 * k-means clustering of representations.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { fold, type Key } from "../core/key.ts";
import { stream } from "../core/stream.ts";
import type { Tensor2D } from "../core/types.ts";
import { moveCenters, type Rows, seedCenters, squaredDistances } from "./_centers.ts";
import { checkCount, checkMatrices } from "./_checks.ts";

/** Options of {@linkcode kMeans}. */
export interface KMeansOptions {
  /** The number of clusters. */
  readonly clusters: number;
  /** What the seeding draws from. */
  readonly key: Key;
  /** How often to start anew; the run with the least inertia counts. 1 if left out. */
  readonly runs?: number;
  /** How many times the centers of a run move at most. 300 if left out. */
  readonly iterations?: number;
  /**
   * A run ends when the centers move by no more than this: Σ ‖change of a center‖² over the mean variance of a column
   * of the rows. 1e-4 if left out; with 0 a run ends when no row changes its cluster.
   */
  readonly tolerance?: number;
  /** Rows in a block. 1024 if left out. */
  readonly block?: number;
}

/** A clustering. */
export interface KMeans {
  /** The centers, `[clusters, dim]`, which the caller disposes. */
  readonly centers: Tensor2D;
  /** For each row the cluster whose center is nearest. */
  readonly assignments: Int32Array;
  /** The sum of the squared distances of rows to the centers of their clusters. */
  readonly inertia: number;
  /** How many times the centers moved. */
  readonly iterations: number;
}

/**
 * Clusters rows so that they lie close to the centers of their clusters, by Lloyd's algorithm from k-means++ seeds.
 *
 * inertia = Σᵢ ‖xᵢ - c(i)‖², with c(i) the center of row i's cluster, the mean of its rows.
 *
 * Distances are compared in float32, in blocks of `block` × `clusters` products of rows less their mean; seeds, centers
 * and inertia are computed in float64 from a copy of the rows. A cluster that loses all rows starts anew at the row
 * farthest from its center. To cluster by cosine, normalize the rows first.
 *
 * Lloyd, "Least squares quantization in PCM", 1982; Arthur and Vassilvitskii, "k-means++: the advantages of careful
 * seeding", 2007.
 *
 * @param matrix The rows, `[rows, dim]`.
 * @throws {RangeError} If there are no rows, or fewer than clusters, one is not finite, or an option lies outside its
 * range.
 *
 * @example
 * ```ts
 * import { kMeans } from "@gradfold/gradfold/metrics";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const rows = tf.tensor2d([[0, 0], [0, 2], [9, 0], [9, 2]]);
 * const { centers, assignments, inertia } = await kMeans(rows, { clusters: 2, key: key(0), runs: 5 });
 * assertEquals(assignments[0], assignments[1]);
 * assertEquals(assignments[2], assignments[3]);
 * assertAlmostEquals(inertia, 4);
 * centers.dispose();
 * ```
 */
export async function kMeans(matrix: Tensor2D, options: KMeansOptions): Promise<KMeans> {
  const { clusters, key, runs = 1, iterations = 300, tolerance = 1e-4, block = 1024 } = options;
  check(matrix, { clusters, runs, iterations, block, tolerance });
  const [count, dim] = matrix.shape;
  const rows = { values: await matrix.data<"float32">(), count, dim };
  checkFinite(rows);
  const { mean, variance } = moments(rows);
  const assign = (centers: Float64Array) => nearestCenters(matrix, centers, { mean, block });
  let best: Omit<KMeans, "centers"> & { centers: Float64Array } | undefined;
  for (let run = 0; run < runs; run++) {
    const seeds = seedCenters(rows, clusters, stream(fold(key, "k-means", run)));
    const found = await lloyd(rows, seeds, { assign, iterations, least: tolerance * variance });
    if (!best || found.inertia < best.inertia) best = found;
  }
  return { ...best!, centers: tf.tensor2d(Float32Array.from(best!.centers), [clusters, dim]) };
}

async function lloyd(
  rows: Rows,
  seeds: Float64Array,
  options: { assign: (centers: Float64Array) => Promise<Int32Array>; iterations: number; least: number },
): Promise<Omit<KMeans, "centers"> & { centers: Float64Array }> {
  let [centers, assignments] = [seeds, await options.assign(seeds)];
  let iterations = 0;
  for (let moved = Infinity; iterations < options.iterations && moved > options.least; iterations++) {
    const next = moveCenters(rows, centers, assignments);
    moved = next.reduce((sum, value, i) => sum + (value - centers[i]!) ** 2, 0);
    [centers, assignments] = [next, await options.assign(next)];
  }
  const inertia = squaredDistances(rows, centers, assignments).reduce((sum, distance) => sum + distance, 0);
  return { centers, assignments, inertia, iterations };
}

/** For each row the center that is nearest: the greatest x·c - ½ ‖c‖², both less the mean of the rows. */
async function nearestCenters(
  matrix: Tensor2D,
  centers: Float64Array,
  { mean, block }: { mean: Float64Array; block: number },
): Promise<Int32Array> {
  const [count, dim] = matrix.shape;
  const [origin, columns, offsets] = tf.tidy(() => {
    const shifted = tf.tensor2d(
      Float32Array.from(centers, (value, at) => value - mean[at % dim]!),
      [centers.length / dim, dim],
    );
    const halves = tf.mul(tf.sum(tf.square(shifted), 1), 0.5);
    return [tf.tensor1d(Float32Array.from(mean)), tf.transpose(shifted), halves];
  });
  const assignments = new Int32Array(count);
  try {
    for (let first = 0; first < count; first += block) {
      const nearest = tf.tidy(() => {
        const rows = tf.sub(tf.slice(matrix, [first, 0], [Math.min(block, count - first), -1]), origin!);
        return tf.argMax(tf.sub(tf.matMul(rows as Tensor2D, columns as Tensor2D), offsets!), 1);
      });
      assignments.set(await nearest.data<"int32">().finally(() => nearest.dispose()), first);
    }
  } finally {
    tf.dispose([origin!, columns!, offsets!]);
  }
  return assignments;
}

/** The mean of each column, and the mean of their variances. */
function moments({ values, count, dim }: Rows): { mean: Float64Array; variance: number } {
  const mean = new Float64Array(dim);
  values.forEach((value, at) => mean[at % dim]! += value / count);
  const variance = values.reduce((sum, value, at) => sum + (value - mean[at % dim]!) ** 2, 0) / values.length;
  return { mean, variance };
}

function check(matrix: Tensor2D, options: Required<Omit<KMeansOptions, "key">>): void {
  checkMatrices("cluster", { rows: matrix });
  for (const name of ["clusters", "runs", "iterations", "block"] as const) checkCount("cluster", name, options[name]);
  const { clusters, tolerance } = options;
  if (clusters > matrix.shape[0]) {
    throw new RangeError(
      `Cannot cluster: clusters is ${clusters}, expected at most ${matrix.shape[0]} as there are rows`,
    );
  }
  if (!(tolerance >= 0)) {
    throw new RangeError(`Cannot cluster: tolerance is ${tolerance}, expected a number of at least 0`);
  }
}

function checkFinite({ values, dim }: Rows): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  throw new RangeError(`Cannot cluster: row ${Math.floor(at / dim)} has ${values[at]}, expected finite numbers`);
}
