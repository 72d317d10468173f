/**
 * The angular loss.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { maskedLogSumExp, sumOverPositives } from "../core/ops/pairs/mod.ts";
import { type RowLoss, rowLoss } from "../core/row_loss.ts";
import type { Scalar } from "../core/types.ts";
import { rowProducts } from "./_measures.ts";

/** Options of {@linkcode angular}. */
export interface AngularOptions {
  /** The largest angle at the negative, in degrees, above 0 and below 90. 40 if left out. */
  readonly angle?: number;
}

/**
 * The angular loss: in the triangle of an anchor, a positive and a negative the angle at the negative shall be small.
 *
 * L = mean over ordered pairs of an anchor a and a positive p of log(1 + Σ_{n ∈ N(a)} exp( 4 tan²α (a + p)ᵀn - 2 (1 + tan²α)
 * aᵀp )), with all rows at length 1 and N(a) the examples of other labels. A pair without negatives counts 0; the loss is 0
 * if there are no positive pairs. Unlike a margin of distances the angle does not depend on scale.
 *
 * Takes one matrix `[N, dim]` or several views of the same examples, and labels `[N]` as the targets of the step. Time
 * grows with anchors × positives × references, memory as that of a matrix of cosines. A row loss: it is evaluated in tiles.
 *
 * Wang, Zhou, Wen, Liu and Lin, "Deep metric learning with angular loss", 2017. Implementations differ in whether negatives
 * are brought to length 1; here they are.
 *
 * @throws {RangeError} If `angle` is not above 0 and below 90.
 *
 * @example
 * ```ts
 * import { angular } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const targets = tf.tensor1d([0, 0, 1], "int32");
 * const rows = tf.tensor2d([[1, 0], [1, 0], [0, 1]]);
 * const value = angular({ angle: 45 })([rows], { training: true, key: key(0), targets });
 * // tan²α is 1, and the negative is at a right angle to both: log(1 + exp(4 · 0 - 4 · 1)).
 * assertAlmostEquals(value.dataSync()[0]!, Math.log1p(Math.exp(-4)), 1e-6);
 * ```
 */
export function angular(options: AngularOptions = {}): RowLoss {
  const { angle = 40 } = options;
  if (!(angle > 0 && angle < 90)) {
    throw new RangeError(`Cannot make the angular loss: angle is ${angle}, expected degrees above 0 and below 90`);
  }
  const squaredTangent = Math.tan(angle * Math.PI / 180) ** 2;
  return rowLoss({
    title: "the angular loss",
    terms: ({ similarity, positive, negative, anchors, references }) =>
      sumOverPositives({ positive, references, inputs: [similarity, anchors] }, (positives) => {
        const cosines = tf.add(similarity, positives.similarity);
        const pushed = maskedLogSumExp(tf.mul(cosines, 4 * squaredTangent), negative);
        const pulled = tf.mul(rowProducts(anchors, positives.rows), 2 * (1 + squaredTangent));
        const valid = tf.cast(positives.valid, "float32");
        const terms = tf.mul(tf.softplus(tf.sub(pushed, pulled)), valid);
        return { sum: tf.sum(terms) as Scalar, count: tf.sum(valid) as Scalar };
      }),
  });
}
