/**
 * The softmax cross-entropy over classes.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { anyInRow, maskedLogSumExp } from "../core/ops/pairs/mod.ts";
import type { Masks } from "../core/pairs/types.ts";
import type { RowSum } from "../core/row_loss.ts";
import type { Scalar, Tensor2D } from "../core/types.ts";

/**
 * Σ over rows of -log( exp(t) / (exp(t) + Σₙ exp(zₙ)) ), with t the logit of the row's own class and n its negatives;
 * rows without a positive do not count.
 *
 * @param logits The logits of all classes, `[rows, classes]`; only those of negatives matter.
 * @param own The logit of the own class, `[rows, 1]`.
 */
export function classTerms(logits: Tensor2D, own: Tensor2D, { positive, negative }: Masks): RowSum {
  const has = anyInRow(positive);
  const losses = tf.softplus(tf.sub(maskedLogSumExp(logits, negative), own));
  return { sum: tf.sum(tf.mul(losses, has)) as Scalar, count: tf.sum(has) as Scalar };
}
