/**
 * The softmax over all pairs of anchors and references, with its gradient in closed form.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { withGradient } from "../core/ops/custom_gradient.ts";
import type { Scalar, Tensor2D } from "../core/types.ts";

/**
 * The mean over anchors of log Σⱼ exp(aᵢ·rⱼ) - aᵢ·rᵢ, for `anchors` [N, d] and `references` [M, d] with M ≥ N.
 *
 * With E the exponentials of the shifted products and Z their row sums, the gradients are dA = ((E R) / Z - R₁…N) / N
 * and dR = (Eᵀ (A / Z) - [A; 0]) / N. They are computed at once when a tape runs, so that no N × M matrix outlives the
 * call, and not at all otherwise. At most two such matrices stand at a time.
 */
export function softmaxCoupling(anchors: Tensor2D, references: Tensor2D): Scalar {
  const [n] = anchors.shape;
  const [m] = references.shape;
  return withGradient([anchors, references], (save) => {
    const positives = m === n ? references : tf.slice(references, [0, 0], [n, -1]);
    // Products with a transposed factor are slow on some engines, and transposing an N × M matrix takes another one.
    const products = tf.matMul(anchors, tf.transpose(references));
    const shift = tf.max(products, 1, true);
    const shifted = tf.sub(products, shift);
    products.dispose();
    const exponentials = tf.exp(shifted) as Tensor2D;
    shifted.dispose();
    const sums = tf.sum(exponentials, 1, true);
    save(() => {
      const toAnchors = tf.sub(tf.div(tf.matMul(exponentials, references), sums), positives);
      const weighted = tf.transpose(tf.matMul(tf.transpose(tf.div(anchors, sums)), exponentials));
      const toReferences = tf.sub(weighted, m === n ? anchors : tf.pad(anchors, [[0, m - n], [0, 0]]));
      return [tf.mul(toAnchors, 1 / n), tf.mul(toReferences, 1 / n)];
    });
    const matched = tf.sum(tf.mul(anchors, positives), 1, true);
    return {
      value: tf.mean(tf.sub(tf.add(tf.log(sums), shift), matched)),
      pullBack: (cotangent, saved) => saved.map((gradient) => tf.mul(gradient, cotangent)),
    };
  }) as Scalar;
}
