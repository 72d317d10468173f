/**
 * The centers of clusters: where they start and how they move, in float64.
 *
 * @module
 */
import type { Stream } from "../core/stream.ts";

/** Rows in row-major order. */
export interface Rows {
  readonly values: Float32Array;
  readonly count: number;
  readonly dim: number;
}

/**
 * Draws rows as first centers (k-means++): each with a chance proportional to its squared distance to the nearest
 * center before it.
 */
export function seedCenters({ values, count, dim }: Rows, clusters: number, next: Stream): Float64Array {
  const centers = new Float64Array(clusters * dim);
  const nearest = new Float64Array(count).fill(Infinity);
  let row = pick(count, next);
  for (let cluster = 0; cluster < clusters; cluster++) {
    const center = values.slice(row * dim, (row + 1) * dim);
    centers.set(center, cluster * dim);
    let total = 0;
    for (let i = 0; i < count; i++) {
      const limit = nearest[i]!;
      let distance = 0;
      // Most rows have a nearer center, which shows before the sum is complete.
      for (let j = 0, at = i * dim; j < dim && distance < limit; j++, at++) distance += (values[at]! - center[j]!) ** 2;
      if (distance < limit) nearest[i] = distance;
      total += nearest[i]!;
    }
    row = total > 0 ? pickByWeight(nearest, total, next) : pick(count, next);
  }
  return centers;
}

function pick(count: number, next: Stream): number {
  return Math.floor(next() * 2 ** -32 * count);
}

function pickByWeight(weights: Float64Array, total: number, next: Stream): number {
  let left = next() * 2 ** -32 * total;
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] === 0) continue;
    left -= weights[i]!;
    last = i;
    if (left < 0) break;
  }
  return last;
}

/**
 * The mean of each cluster's rows. A cluster without rows starts anew at the row that is farthest from its center, or
 * stays where it is if every row lies on one.
 */
export function moveCenters(rows: Rows, centers: Float64Array, assignments: Int32Array): Float64Array {
  const { values, count, dim } = rows;
  const sums = new Float64Array(centers.length);
  const sizes = new Int32Array(centers.length / dim);
  const add = (row: number, cluster: number, sign: 1 | -1) => {
    sizes[cluster]! += sign;
    for (let j = 0, from = row * dim, to = cluster * dim; j < dim; j++, from++, to++) sums[to]! += sign * values[from]!;
  };
  for (let i = 0; i < count; i++) add(i, assignments[i]!, 1);
  const empty = Array.from(sizes.keys()).filter((cluster) => sizes[cluster] === 0);
  const farthest = empty.length > 0 ? rowsByDistance(rows, centers, assignments) : [];
  for (let at = 0; at < farthest.length && empty.length > 0; at++) {
    const row = farthest[at]!;
    // Its cluster must not become empty in turn.
    if (sizes[assignments[row]!]! < 2) continue;
    add(row, assignments[row]!, -1);
    add(row, empty.shift()!, 1);
  }
  return sums.map((sum, at) => {
    const size = sizes[Math.floor(at / dim)]!;
    return size > 0 ? sum / size : centers[at]!;
  });
}

/** The rows that lie off their centers, the farthest first. */
function rowsByDistance(rows: Rows, centers: Float64Array, assignments: Int32Array): number[] {
  const distances = squaredDistances(rows, centers, assignments);
  return Array.from(distances.keys()).filter((row) => distances[row]! > 0)
    .sort((a, b) => distances[b]! - distances[a]! || a - b);
}

/** The squared distance of each row to the center of its cluster. */
export function squaredDistances(
  { values, count, dim }: Rows,
  centers: Float64Array,
  assignments: Int32Array,
): Float64Array {
  const distances = new Float64Array(count);
  for (let i = 0, at = 0; i < count; i++) {
    let sum = 0;
    for (let j = 0, from = assignments[i]! * dim; j < dim; j++, at++, from++) {
      sum += (values[at]! - centers[from]!) ** 2;
    }
    distances[i] = sum;
  }
  return distances;
}
