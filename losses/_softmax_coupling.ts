/**
 * The softmax over all pairs of anchors and references, with its gradient in closed form.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { ClosedTerms, ClosedTile } from "../core/row_loss.ts";
import type { Scalar, Tensor2D } from "../core/types.ts";
import type { Heat } from "./_heat.ts";

/**
 * The terms log Σⱼ exp(c aᵢ·rⱼ) - c aᵢ·rᵢ of some anchors, with c = 1/τ.
 *
 * With E the exponentials of the shifted products and Z their row sums, the gradients are dA = c ((E R) / Z - Rᵢ) and
 * dR = c (Eᵀ (A / Z) - A), the last for the positives only. Two matrices `[rows, references]` stand at a time.
 */
export function softmaxTile(tile: ClosedTile, temperature: Heat): ClosedTerms {
  const { first, rows, anchors, references, transposed, differentiate } = tile;
  const scale = typeof temperature === "number" ? 1 / temperature : tile.shared[0] as Scalar;
  const scaled = tf.mul(anchors, scale) as Tensor2D;
  const positives = tf.slice(references, [first, 0], [rows, -1]);
  const products = tf.matMul(scaled, transposed);
  const highest = tf.max(products, 1, true);
  const shifted = tf.sub(products, highest);
  products.dispose();
  const exponentials = tf.exp(shifted) as Tensor2D;
  shifted.dispose();
  const sums = tf.sum(exponentials, 1, true);
  const matched = tf.sum(tf.mul(scaled, positives), 1, true);
  const terms = {
    sum: tf.sum(tf.sub(tf.add(tf.log(sums), highest), matched)) as Scalar,
    count: rows,
  };
  if (!differentiate) return { terms };
  const toScaled = tf.sub(tf.div(tf.matMul(exponentials, references), sums), positives);
  return {
    terms,
    gradient: {
      anchors: tf.mul(toScaled, scale),
      positives: typeof scale === "number" ? -scale : tf.neg(scale),
      references: [exponentials, tf.div(scaled, sums)],
      shared: typeof scale === "number" ? [] : [tf.sum(tf.mul(toScaled, anchors))],
    },
  };
}
