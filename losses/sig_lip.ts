/**
 * SigLIP, the pairwise sigmoid loss.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { withGradient } from "../core/ops/custom_gradient.ts";
import { aligned } from "../core/pairs/aligned.ts";
import type { Masks } from "../core/pairs/types.ts";
import { type RowLoss, rowLoss } from "../core/row_loss.ts";
import type { Params, Scalar, Tensor, Tensor2D, Variable } from "../core/types.ts";
import { checkFiniteOption, checkPositiveOption } from "./_checks.ts";

/** Options of {@linkcode sigLip}. */
export interface SigLipOptions {
  /** The factor that cosines are multiplied by: learnt from a start, or a fixed number. Learnt from 10 if left out. */
  readonly scale?: number | { readonly initial: number };
  /** What is added to them then: learnt from a start, or a fixed number. Learnt from -10 if left out. */
  readonly bias?: number | { readonly initial: number };
}

/** The SigLIP loss, with what it learns besides the representations. */
export interface SigLip extends RowLoss {
  /** The variables `logScale` and `bias`, without what is fixed. */
  readonly params: Params;
  /** Reads the scale and the bias, to log them. */
  read(): Promise<{ readonly scale: number; readonly bias: number }>;
  /** Disposes the variables of the loss. */
  dispose(): void;
}

/**
 * SigLIP: every pair of an anchor and a reference is classified on its own, as a match or not.
 *
 * L = 1/N Σᵢⱼ log(1 + exp(-yᵢⱼ (t sᵢⱼ + b))), with s the cosine and y 1 for a positive and -1 for a negative. Unlike the
 * softmax of {@linkcode infoNCE} it needs no sum over the batch. It is divided by the N anchors, not by the N² pairs.
 *
 * The scale t = exp(logScale) and the bias b are parameters of the loss, `logScale` and `bias`, trained along unless they
 * are fixed by numbers. The bias starts low because almost all pairs are negatives.
 *
 * The loss takes two matrices or more, all `[rows, dim]` of the same width: the N anchors; the references, of which row
 * i is the positive of anchor i and any rows beyond N are hard negatives; and further matrices of hard negatives. Every
 * reference but its own positive is a negative for an anchor. A row loss: it is evaluated in tiles.
 *
 * Zhai, Mustafa, Kolesnikov and Beyer, "Sigmoid loss for language image pre-training", 2023.
 *
 * @throws {RangeError} If a scale is not a finite number above 0, or a bias not a finite number.
 *
 * @example
 * ```ts
 * import { sigLip } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const rows = tf.tensor2d([[1, 0], [0, 1]]);
 * const value = sigLip({ scale: 1, bias: 0 })([rows, rows], { training: true, key: key(0) });
 * // For each anchor a positive with logit 1 and a negative with logit 0.
 * assertAlmostEquals(value.dataSync()[0]!, Math.log1p(Math.exp(-1)) + Math.LN2, 1e-6);
 *
 * const learnt = sigLip();
 * assertEquals(Object.keys(learnt.params), ["logScale", "bias"]);
 * learnt.dispose();
 * ```
 */
export function sigLip(options: SigLipOptions = {}): SigLip {
  const { scale = { initial: 10 }, bias = { initial: -10 } } = options;
  checkPositiveOption("SigLIP", typeof scale === "number" ? { scale } : { "scale.initial": scale.initial });
  checkFiniteOption("SigLIP", typeof bias === "number" ? { bias } : { "bias.initial": bias.initial });
  const params: Params = {
    ...(typeof scale === "number" ? {} : { logScale: variable(Math.log(scale.initial)) }),
    ...(typeof bias === "number" ? {} : { bias: variable(bias.initial) }),
  };
  const factor = () => params.logScale ? tf.exp(params.logScale) : tf.scalar(scale as number);
  const shift = () => params.bias ?? tf.scalar(bias as number);
  const loss = rowLoss({
    title: "SigLIP",
    pairing: aligned(),
    params,
    terms: ({ similarity, positive, negative, rows }) => ({
      sum: crossEntropies(similarity, factor(), shift(), { positive, negative }),
      count: rows,
    }),
  });
  return Object.assign(loss, {
    params,
    read: async () => {
      const values = tf.tidy(() => tf.stack([factor(), shift()]));
      const [scale, bias] = await values.data();
      values.dispose();
      return { scale: scale!, bias: bias! };
    },
    dispose: () => tf.dispose(Object.values(params)),
  });
}

function variable(value: number): Variable {
  return tf.tidy(() => tf.variable(tf.scalar(value)));
}

/** Σ log(1 + exp(-y (t s + b))) over all pairs of a block. The tape holds one matrix, of slopes. */
function crossEntropies(similarity: Tensor2D, scale: Tensor, bias: Tensor, { positive, negative }: Masks): Scalar {
  return withGradient([similarity, scale, bias], (save) => {
    // 1 for negatives, -1 for positives and 0 for neither.
    const signs = tf.tidy(() => tf.sub(tf.cast(negative, "float32"), tf.cast(positive, "float32")));
    const logits = tf.tidy(() => tf.mul(tf.add(tf.mul(similarity, scale), bias), signs));
    save(() =>
      tf.tidy(() => {
        const slopes = tf.mul(tf.sigmoid(logits), signs);
        return [tf.mul(slopes, scale), total(tf.mul(slopes, similarity)), total(slopes)];
      })
    );
    return {
      value: tf.tidy(() => total(tf.mul(tf.softplus(logits), tf.abs(signs)))),
      pullBack: (dy, gradients) => gradients.map((gradient) => tf.mul(gradient, dy)),
    };
  }) as Scalar;
}

/** The sum of a matrix, row by row, since long sums lose digits. */
function total(x: Tensor): Scalar {
  return tf.sum(tf.sum(x, 1)) as Scalar;
}
