/**
 * Histograms that have a gradient.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor1D, Tensor2D } from "../../types.ts";
import { withGradient } from "../custom_gradient.ts";
import { fill } from "./masked_log_sum_exp.ts";
import { countRows } from "./masked_sum.ts";

/** Up to here float32 has all integers. */
const LARGEST = 2 ** 24;

/** Where the bins of {@linkcode cumulativeHistogram} are. */
export interface HistogramBins {
  /** The center of the first bin. */
  readonly from: number;
  /** The center of the last bin; it may be less than the first. */
  readonly to: number;
  /** How many steps there are between the two, one less than bins. */
  readonly steps: number;
}

/**
 * For each row a histogram of the entries where a mask holds, each bin added to those before.
 *
 * An entry between two centers counts for both, in proportion to how near it is. So bin l holds Σ clip(l + 1 - t, 0, 1), with
 * t = steps · (x - from) / (to - from), and the last one how many entries there are. The differences of neighbouring bins
 * are the histogram itself.
 *
 * Entries before the first center and beyond the last count for that and get no gradient. The tape holds one matrix.
 *
 * @param x `[rows, columns]`
 * @param mask bool `[rows, columns]`
 * @param bins Where the bins are.
 * @returns `[rows, steps + 1]`
 * @throws {RangeError} If there are more than 2²⁴ bins in all rows together.
 *
 * @example
 * ```ts
 * import { cumulativeHistogram, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const mask = tf.tensor2d([[1, 1, 0]], [1, 3], "bool");
 * const value = cumulativeHistogram(tf.tensor2d([[0.25, 2, 1]]), mask, { from: 0, to: 2, steps: 2 });
 * // A histogram of [0.75, 0.25, 1].
 * assertEquals(value.arraySync(), [[0.75, 1, 2]]);
 * ```
 */
export function cumulativeHistogram(x: Tensor2D, mask: Tensor2D, { from, to, steps }: HistogramBins): Tensor2D {
  const rows = x.shape[0];
  if (rows * (steps + 1) > LARGEST) {
    throw new RangeError(
      `Cannot make histograms: ${rows} rows of ${steps + 1} bins, expected at most ${LARGEST} in all`,
    );
  }
  const scale = steps / (to - from);
  return withGradient([x], (save) => {
    const places = tf.tidy(() => fill(tf.mul(tf.sub(x, from), scale), mask, steps));
    save(() => [tf.tidy(() => slopesOf(places, steps))]);
    const bins = Array.from(
      { length: steps },
      (_, l) => tf.tidy(() => tf.sum(tf.clipByValue(tf.sub(l + 1, places), 0, 1), 1, true)),
    );
    // Clipping hides what is not a number on some engines; the last bin shows it.
    const count = tf.add(countRows(mask), tf.mul(tf.sum(places, 1, true), 0));
    return {
      value: tf.concat([...bins, count], 1),
      pullBack: (dy, [at]) => {
        // What lies in no step looks up the zero in place of the last bin.
        const slopes = tf.pad(tf.mul(tf.slice(dy, [0, 0], [rows, steps]), -scale), [[0, 0], [0, 1]]);
        return [tf.reshape(tf.gather(tf.reshape(slopes, [-1]), at as Tensor1D), x.shape)];
      },
    };
  }) as Tensor2D;
}

/** Where the slope of each entry stands among those of all rows, `steps + 1` a row, int32 `[rows · columns]`. */
function slopesOf(places: Tensor2D, steps: number): Tensor1D {
  const rows = places.shape[0];
  const inside = tf.logicalAnd(tf.greaterEqual(places, 0), tf.less(places, steps)) as Tensor2D;
  const starts = tf.mul(tf.reshape(tf.range(0, rows), [rows, 1]), steps + 1);
  // Engines are slow at adding integers of different shapes.
  return tf.reshape(tf.cast(tf.add(fill(tf.floor(places), inside, steps), starts), "int32"), [-1]);
}
