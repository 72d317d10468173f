/**
 * FastAP, a loss of average precision.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { countRows, cumulativeHistogram } from "../core/ops/pairs/mod.ts";
import { type RowLoss, rowLoss } from "../core/row_loss.ts";
import type { Scalar, Tensor2D } from "../core/types.ts";

/** Options of {@linkcode fastAP}. */
export interface FastAPOptions {
  /** How many steps squared distances from 0 to 4 are divided in, L. 10 if left out. */
  readonly bins?: number;
}

/** Less than any histogram's least entry in float32. */
const TINY = 1e-12;

/**
 * The FastAP loss: the average precision of retrieving an anchor's positives, by histograms of distances, shall be 1.
 *
 * L = mean over anchors with a positive of 1 - AP(a), with AP(a) = 1/|P(a)| Σₗ h⁺ₗ H⁺ₗ / Hₗ. Here h⁺ is the histogram of the squared
 * distances d² = 2 - 2s of the anchor's positives, in which a distance counts for its two nearest of the L + 1 centers from 0 to
 * 4, in proportion to how near they are; H⁺ adds up its bins from 0 on, and H those of all pairs. A bin with Hₗ = 0 counts 0.
 *
 * Takes one matrix `[N, dim]` or several views of the same examples, and labels `[N]` as the targets of the step.
 * Anchors without a positive are left out of the mean; the loss is 0 if there is none. More bins are nearer to the
 * true average precision and pass on fewer gradients: pairs at distances that no positive is near get none. A row loss: it
 * is evaluated in tiles.
 *
 * Cakir et al., "Deep metric learning to rank", 2019.
 *
 * @throws {RangeError} If the number of bins is not an integer of at least 1.
 *
 * @example
 * ```ts
 * import { fastAP } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const targets = tf.tensor1d([0, 0, 1], "int32");
 * const rows = tf.tensor2d([[1, 0], [1, 0], [-1, 0]]);
 * const value = fastAP()([rows], { training: true, key: key(0), targets });
 * // Positives are nearest.
 * assertAlmostEquals(value.dataSync()[0]!, 0, 1e-6);
 * ```
 */
export function fastAP(options: FastAPOptions = {}): RowLoss {
  const { bins = 10 } = options;
  if (!Number.isInteger(bins) || bins < 1) {
    throw new RangeError(`Cannot make FastAP: bins is ${bins}, expected an integer of at least 1`);
  }
  // From d² = 0 to d² = 4, in cosines.
  const centers = { from: 1, to: -1, steps: bins };
  return rowLoss({
    title: "FastAP",
    terms: ({ similarity, positive, negative }) => {
      const hits = cumulativeHistogram(similarity, positive, centers);
      const all = tf.add(hits, cumulativeHistogram(similarity, negative, centers));
      const precisions = tf.div(hits, tf.maximum(all, TINY));
      const positives = countRows(positive);
      const average = tf.div(tf.sum(tf.mul(differences(hits), precisions), 1, true), tf.maximum(positives, 1));
      const has = tf.minimum(positives, 1);
      return { sum: tf.sum(tf.mul(tf.sub(1, average), has)) as Scalar, count: tf.sum(has) as Scalar };
    },
  });
}

/** Each column less the one before it. */
function differences(x: Tensor2D): Tensor2D {
  const [rows, columns] = x.shape;
  return tf.sub(x, tf.pad(tf.slice(x, [0, 0], [rows, columns - 1]), [[0, 0], [1, 0]]));
}
