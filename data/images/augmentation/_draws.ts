import type { Key } from "../../../core/key.ts";
import { uniform } from "../../../core/stream.ts";

/** Where an example's numbers for each change begin; they stay in place whatever else is on. */
export const place = { crop: 0, flip: 4, affine: 5, jitter: 10, grayscale: 16, blur: 17, erasing: 19 } as const;

/** How many numbers an example draws. */
export const drawsPerExample = 24;

/**
 * Draws each example's numbers in [0, 1), addressed by its row and by how often the row came before in the batch: so
 * neither other examples nor the order matter, and a row that comes twice gets other numbers.
 */
export function drawsOf(key: Key, rows: ArrayLike<number>, examples: number): Float32Array {
  const times = new Map<number, number>();
  const ids = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    const before = times.get(row) ?? 0;
    times.set(row, before + 1);
    ids[i] = row + before * examples;
  }
  return uniform(key, ids, drawsPerExample);
}

/** A number of a range, from one in [0, 1). */
export function within([low, high]: readonly [number, number], share: number): number {
  return low + (high - low) * share;
}
