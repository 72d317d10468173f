/**
 * Pairs that occur in a triplet whose gap is neither too small nor too large.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { canReadSync } from "../../core/backend.ts";
import type { Masks } from "../../core/pairs/types.ts";
import type { Tensor2D } from "../../core/types.ts";

/** Bounds of a gap d_an - d_ap. */
export type Gap = NonNullable<Masks["gap"]>;

/** Masks without what else a miner may say. */
export type PairMasks = Pick<Masks, "positive" | "negative">;

/**
 * Keeps the pairs that occur in a triplet with above < d_an - d_ap ≤ atMost.
 *
 * A negative's partners stand side by side among the anchor's positives in the order of their distances, so that a row
 * of P positives and N negatives takes (P + N) log P comparisons. Engines have no such search; it runs on the host.
 */
export function keepInWindow({ positive, negative }: Masks, distances: Tensor2D, gap: Gap): PairMasks {
  if (!canReadSync()) {
    throw new Error(
      `Cannot mine triplets with gaps from ${gap[0]} to ${gap[1]}: the engine cannot be read from synchronously, ` +
        "expected tensorflow, wasm or cpu",
    );
  }
  const [rows, columns] = distances.shape;
  const values = distances.dataSync<"float32">();
  const [positives, negatives] = [positive, negative].map((mask) => mask.dataSync<"bool">());
  const kept = { positive: new Uint8Array(rows * columns), negative: new Uint8Array(rows * columns) };
  const bounds: Gap = [Math.fround(gap[0]), Math.fround(gap[1])];
  for (let from = 0; from < rows * columns; from += columns) {
    const row = <T extends { subarray(from: number, to: number): T }>(x: T) => x.subarray(from, from + columns);
    keepInRow(
      { values: row(values), positive: row(positives!), negative: row(negatives!) },
      { positive: row(kept.positive), negative: row(kept.negative) },
      bounds,
    );
  }
  return {
    positive: tf.tensor2d(kept.positive, [rows, columns], "bool"),
    negative: tf.tensor2d(kept.negative, [rows, columns], "bool"),
  };
}

interface Row {
  readonly values: Float32Array;
  readonly positive: Uint8Array;
  readonly negative: Uint8Array;
}

function keepInRow({ values, positive, negative }: Row, kept: Omit<Row, "values">, [above, atMost]: Gap): void {
  const order = columnsOf(positive).sort((i, j) => values[i]! - values[j]!);
  const sorted = Float32Array.from(order, (column) => values[column]!);
  // Each negative opens an interval of positives and closes it; a positive in an open one is kept.
  const opened = new Int32Array(order.length + 1);
  for (let column = 0; column < values.length; column++) {
    if (!negative[column]) continue;
    const first = firstWithin(sorted, values[column]!, atMost);
    const end = firstWithin(sorted, values[column]!, above);
    if (first >= end) continue;
    kept.negative[column] = 1;
    opened[first]!++;
    opened[end]!--;
  }
  for (let i = 0, open = 0; i < order.length; i++) {
    open += opened[i]!;
    if (open > 0) kept.positive[order[i]!] = 1;
  }
}

function columnsOf(mask: Uint8Array): Int32Array {
  const columns: number[] = [];
  for (let column = mask.indexOf(1); column >= 0; column = mask.indexOf(1, column + 1)) columns.push(column);
  return Int32Array.from(columns);
}

/** The first of the sorted positives from which a negative's gap is at most a bound, rounded as the engines do. */
function firstWithin(sorted: Float32Array, distance: number, bound: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Math.fround(distance - sorted[middle]!) <= bound) high = middle;
    else low = middle + 1;
  }
  return low;
}
