/**
 * The mega-batch margin loss.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { maskedMax, maskedMin } from "../core/ops/pairs/mod.ts";
import { aligned } from "../core/pairs/aligned.ts";
import { type RowLoss, rowLoss } from "../core/row_loss.ts";
import type { Scalar } from "../core/types.ts";
import { checkFiniteOption } from "./_checks.ts";

/** Options of {@linkcode megaBatchMargin}. */
export interface MegaBatchMarginOptions {
  /** The cosine above which a positive is close enough. 0.8 if left out. */
  readonly positiveMargin?: number;
  /** The cosine below which a negative is far enough. 0.3 if left out. */
  readonly negativeMargin?: number;
}

/**
 * The mega-batch margin loss: each anchor is pulled to its positive and pushed from the hardest negative of the whole batch.
 *
 * L = mean over anchors of max(m⁺ - s_ap, 0) + max(max_{n ∈ N(a)} s_an - m⁻, 0), with s the cosine. An anchor that lacks a
 * positive or negatives has 0 for that part; with several positives the farthest counts.
 *
 * Takes two matrices or more, all `[rows, dim]` of the same width: the N anchors; the references, of which row i is the
 * positive of anchor i and any rows beyond N are hard negatives; and further matrices of hard negatives. Every reference but
 * its own positive is a negative for an anchor. A row loss: it is evaluated in tiles.
 *
 * Wieting and Gimpel, "ParaNMT-50M: pushing the limits of paraphrastic sentence embeddings with millions of machine
 * translations", 2018, with margins as in sentence-transformers.
 *
 * @throws {RangeError} If a margin is not a finite number.
 *
 * @example
 * ```ts
 * import { megaBatchMargin } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const [anchors, references] = [tf.tensor2d([[1, 0], [0, 1]]), tf.tensor2d([[1, 0], [1, 0]])];
 * const value = megaBatchMargin()([anchors, references], { training: true, key: key(0) });
 * // The first negative has cosine 1; the second anchor has cosine 0 with both.
 * assertAlmostEquals(value.dataSync()[0]!, (0 + 0.7 + 0.8 + 0) / 2, 1e-6);
 * ```
 */
export function megaBatchMargin(options: MegaBatchMarginOptions = {}): RowLoss {
  const { positiveMargin = 0.8, negativeMargin = 0.3 } = options;
  checkFiniteOption("the mega-batch margin loss", { positiveMargin, negativeMargin });
  return rowLoss({
    title: "the mega-batch margin loss",
    pairing: aligned(),
    terms: ({ similarity, positive, negative, rows }) => {
      const pull = tf.relu(tf.sub(positiveMargin, maskedMin(similarity, positive)));
      const push = tf.relu(tf.sub(maskedMax(similarity, negative), negativeMargin));
      return { sum: tf.sum(tf.add(pull, push)) as Scalar, count: rows };
    },
  });
}
