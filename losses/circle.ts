/**
 * The circle loss.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { withGradient } from "../core/ops/custom_gradient.ts";
import { anyInRow, maskedLogSumExp } from "../core/ops/pairs/mod.ts";
import { type RowLoss, rowLoss } from "../core/row_loss.ts";
import type { Scalar, Tensor2D } from "../core/types.ts";
import { checkFiniteOption, checkPositiveOption } from "./_checks.ts";

/** Options of {@linkcode circle}. */
export interface CircleOptions {
  /** The relaxation m: positives should be above 1 - m and negatives below m. 0.4 if left out. */
  readonly margin?: number;
  /** The scale γ of logits. 80 if left out. */
  readonly scale?: number;
}

/**
 * The circle loss: each pair is pulled or pushed at a pace of its own, faster the farther it is from its optimum.
 *
 * L = mean over anchors of log(1 + Σ_{n ∈ N(a)} exp(γ [s_an + m]₊ (s_an - m)) Σ_{p ∈ P(a)} exp(γ [1 - s_ap + m]₊ (1 - s_ap - m))),
 * with s the cosine, P(a) the other examples of a's label and N(a) those of other labels. The paces [·]₊ are constants for
 * the gradient.
 *
 * Takes one matrix `[N, dim]` or several views of the same examples, and labels `[N]` as the targets of the step. The
 * mean is over anchors that have a positive and a negative; the loss is 0 if there is none. That is the mean over terms
 * that are not 0 of other libraries, but for terms that are too small for float32, which count here. The paper takes
 * m = 0.25 and γ = 256 for faces and m = 0.4 and γ = 80 for retrieval. A row loss: it is evaluated in tiles.
 *
 * Sun et al., "Circle loss: a unified perspective of pair similarity optimization", 2020.
 *
 * @throws {RangeError} If the margin is not a finite number or the scale not a finite number above 0.
 *
 * @example
 * ```ts
 * import { circle } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const targets = tf.tensor1d([0, 0, 1], "int32");
 * const rows = tf.tensor2d([[1, 0], [1, 0], [0, 1]]);
 * const value = circle({ margin: 0.5, scale: 4 })([rows], { training: true, key: key(0), targets });
 * // Positives have similarity 1 and negatives 0, which makes both exponents 4 · 0.5 · -0.5.
 * assertAlmostEquals(value.dataSync()[0]!, Math.log(1 + Math.exp(-2)), 1e-6);
 * ```
 */
export function circle(options: CircleOptions = {}): RowLoss {
  const { margin = 0.4, scale = 80 } = options;
  checkFiniteOption("the circle loss", { margin });
  checkPositiveOption("the circle loss", { scale });
  return rowLoss({
    title: "the circle loss",
    terms: ({ similarity, positive, negative }) => {
      const pull = maskedLogSumExp(paced(similarity, "positive", margin, scale), positive);
      const push = maskedLogSumExp(paced(similarity, "negative", margin, scale), negative);
      return {
        sum: tf.sum(tf.softplus(tf.add(pull, push))) as Scalar,
        count: tf.sum(tf.mul(anyInRow(positive), anyInRow(negative))) as Scalar,
      };
    },
  });
}

/** γ [x + m]₊ (x - m), with x = 1 - s for positives and s for negatives; the tape holds the pace γ [x + m]₊ only. */
function paced(similarity: Tensor2D, side: "positive" | "negative", margin: number, scale: number): Tensor2D {
  return withGradient([similarity], (save) => {
    const x = side === "positive" ? tf.sub(1, similarity) : similarity;
    const pace = tf.mul(tf.relu(tf.add(x, margin)), scale);
    save(() => [side === "positive" ? tf.neg(pace) : pace]);
    return {
      value: tf.mul(pace, tf.sub(x, margin)),
      pullBack: (dy, [slope]) => [tf.mul(dy, slope!)],
    };
  }) as Tensor2D;
}
