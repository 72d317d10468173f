/**
 * InfoNCE, the loss of in-batch negatives.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { countRows, maskedLogSumExp, maskedSum } from "../core/ops/pairs/mod.ts";
import { aligned } from "../core/pairs/aligned.ts";
import { type RowLoss, rowLoss } from "../core/row_loss.ts";
import type { Scalar, Tensor2D } from "../core/types.ts";
import { softmaxTile } from "./_softmax_coupling.ts";
import { heated, scaled } from "./_heat.ts";
import type { Temperature } from "./temperature.ts";

/** Options of {@linkcode infoNCE}. */
export interface InfoNCEOptions {
  /** The temperature τ that similarities are divided by, fixed or learnt. 0.05 if left out. */
  readonly temperature?: number | Temperature;
  /** How rows are compared: by the cosine of their angle or by their dot product. Cosine if left out. */
  readonly similarity?: "cosine" | "dot";
}

/**
 * InfoNCE over the batch: each anchor shall pick its positive among all references.
 *
 * L = 1/N Σᵢ ( log Σⱼ exp(sᵢⱼ/τ) - sᵢᵢ/τ ), with sᵢⱼ the similarity of anchor i and reference j.
 *
 * The loss takes two matrices or more, all `[rows, dim]` of the same width: the N anchors; the references, of which row
 * i is the positive of anchor i and any rows beyond N are hard negatives; and further matrices of hard negatives, of
 * any numbers of rows. In all M references; every reference but its own positive is a negative for an anchor.
 *
 * Similarities are shifted by the maximum of their row, so that low temperatures are safe. A row of zeros has
 * similarity 0 to everything and gets no gradient. A row loss: it is evaluated in tiles, in closed form together with its
 * gradient where nothing else is chosen. Second derivatives are not available.
 *
 * Also known as the multiple negatives ranking loss, N-pairs loss or in-batch softmax. Van den Oord, Li and Vinyals,
 * "Representation learning with contrastive predictive coding", 2018; Henderson et al., "Efficient natural language
 * response suggestion for smart reply", 2017.
 *
 * @throws {RangeError} If a fixed temperature is not a finite number above 0. The loss throws a TypeError for fewer
 * than two matrices or one that is not a matrix, and a RangeError for widths that differ, no anchors, or fewer
 * references in the second matrix than anchors in the first.
 *
 * @example
 * ```ts
 * import { infoNCE } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const loss = infoNCE({ temperature: 1 });
 * const rows = tf.tensor2d([[1, 0], [0, 1]]);
 * const value = loss([rows, rows], { training: true, key: key(0) });
 * // Two references at similarities 1 and 0.
 * assertAlmostEquals(value.dataSync()[0]!, Math.log(Math.E + 1) - 1, 1e-6);
 * ```
 */
export function infoNCE(options: InfoNCEOptions = {}): RowLoss {
  const { temperature = 0.05, similarity = "cosine" } = options;
  if (similarity !== "cosine" && similarity !== "dot") {
    throw new RangeError(`Cannot make InfoNCE: similarity is ${similarity}, expected "cosine" or "dot"`);
  }
  return rowLoss({
    title: "InfoNCE",
    ...heated(temperature),
    pairing: aligned(),
    similarity,
    closed: (tile) => softmaxTile(tile, temperature),
    terms: ({ similarity, positive, negative, shared }) => {
      const logits = scaled(similarity, temperature, { shared });
      const partition = maskedLogSumExp(logits, tf.logicalOr(positive, negative) as Tensor2D);
      // With other pairings an anchor may have several positives, or none.
      const terms = tf.sub(tf.mul(partition, countRows(positive)), maskedSum(logits, positive));
      return { sum: tf.sum(terms) as Scalar, count: tf.sum(countRows(positive)) as Scalar };
    },
  });
}
