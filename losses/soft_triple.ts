/**
 * SoftTriple.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { withGradient } from "../core/ops/custom_gradient.ts";
import { l2Normalize } from "../core/ops/normalize.ts";
import { maskedSum, unitDistances } from "../core/ops/pairs/mod.ts";
import { uniform } from "../core/stream.ts";
import type { Scalar, Tensor2D } from "../core/types.ts";
import { checkFiniteOption, checkPositiveOption } from "./_checks.ts";
import { classTerms } from "./_class_softmax.ts";
import { type ProxyLoss, proxyLoss, type ProxyOptions } from "./_proxies.ts";

/** Options of {@linkcode softTriple}. Given proxies are `[classes · centers, dim]`, those of a class one after another. */
export type SoftTripleOptions = ProxyOptions & {
  /** How many centers K a class has. 10 if left out. */
  readonly centers?: number;
  /** The factor λ that similarities are multiplied by. 20 if left out. */
  readonly lambda?: number;
  /** The temperature γ of the choice among the centers of a class. 0.1 if left out. */
  readonly gamma?: number;
  /** The margin δ that is taken from the similarity to the own class. 0.01 if left out. */
  readonly delta?: number;
  /** The weight τ of the distances between the centers of a class. 0.2 if left out. */
  readonly tau?: number;
};

/**
 * SoftTriple: classification by cosines, with several centers for each class.
 *
 * The similarity of an example to class c is S_c = Σₖ wₖ s_ck, with s_ck its cosine with center k of the class and w the
 * softmax of s_ck/γ over k. Then L = mean over examples of -log( exp(λ (S_y - δ)) / ( exp(λ (S_y - δ)) + Σ_{c ≠ y} exp(λ S_c) ) )
 * + τ / (C K (K - 1)) Σ_c Σ_{k < l} d_ckl, with y the label, C the number of classes and d_ckl = √(2 - 2s) the distance of
 * the centers k and l of class c, s their cosine. The second summand lets a class do with fewer centers; it is left out
 * where K = 1.
 *
 * Takes one matrix `[N, dim]` or several views of the same examples, and labels `[N]` from 0 to classes - 1 as the targets
 * of the step. The centers are the parameter `proxies`, `[C · K, dim]`, drawn uniformly from ±1/√(C K) as in the authors'
 * code. A row loss: it is evaluated in tiles.
 *
 * Qian et al., "SoftTriple loss: deep metric learning without triplet sampling", 2019.
 *
 * @throws {RangeError} If an option is out of its range. The loss throws one for a label without a proxy, where labels can
 * be read synchronously, or for representations of another width, and a TypeError if there are no labels.
 *
 * @example
 * ```ts
 * import { softTriple } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * // Two classes with two centers each, which fall together.
 * const proxies = tf.variable(tf.tensor2d([[1, 0], [1, 0], [0, 1], [0, 1]]));
 * const loss = softTriple({ proxies, centers: 2, lambda: 2, delta: 0.5 });
 * const targets = tf.tensor1d([1], "int32");
 * const value = loss([tf.tensor2d([[0, 3]])], { training: true, key: key(0), targets });
 * assertAlmostEquals(value.dataSync()[0]!, Math.log(1 + Math.exp(-2 * (1 - 0.5))), 1e-6);
 * ```
 */
export function softTriple(options: SoftTripleOptions): ProxyLoss {
  const { centers = 10, lambda = 20, gamma = 0.1, delta = 0.01, tau = 0.2 } = options;
  if (!Number.isInteger(centers) || centers < 1) {
    throw new RangeError(`Cannot make SoftTriple: centers is ${centers}, expected an integer of at least 1`);
  }
  checkPositiveOption("SoftTriple", { lambda, gamma });
  checkFiniteOption("SoftTriple", { delta, tau });
  return proxyLoss({
    title: "SoftTriple",
    from: options,
    draw: (key, rows, dim) => uniform(key, rows, dim).map((value) => (2 * value - 1) / Math.sqrt(rows.length)),
    centers,
    terms: ({ similarity, ...masks }) => {
      const [positive, negative] = [masks.positive, masks.negative].map((mask) => ofClass(mask, centers));
      const logits = tf.mul(toClass(similarity, centers, gamma), lambda) as Tensor2D;
      const own = tf.sub(maskedSum(logits, positive!), lambda * delta) as Tensor2D;
      return classTerms(logits, own, { positive: positive!, negative: negative! });
    },
    ...(centers > 1 && tau !== 0
      ? { penalty: (proxies) => tf.mul(meanDistance(proxies, centers), tau) as Scalar }
      : {}),
  });
}

/** Whether a mask holds for a center of the class, `[rows, classes]`. */
function ofClass(mask: Tensor2D, centers: number): Tensor2D {
  return tf.any(tf.reshape(mask, [mask.shape[0], -1, centers]), 2) as Tensor2D;
}

/** Σₖ wₖ sₖ over the centers of each class, w the softmax of s/γ, `[rows, classes]`. The tape holds one matrix. */
function toClass(similarity: Tensor2D, centers: number, gamma: number): Tensor2D {
  const [rows, columns] = similarity.shape;
  return withGradient([similarity], (save) => {
    const cosines = tf.reshape(similarity, [-1, centers]);
    const weights = tf.tidy(() => tf.softmax(tf.div(cosines, gamma)));
    const mean = tf.tidy(() => tf.sum(tf.mul(weights, cosines), 1, true));
    save(() => [tf.tidy(() => tf.mul(weights, tf.add(tf.div(tf.sub(cosines, mean), gamma), 1)))]);
    tf.dispose([cosines, weights]);
    return {
      value: tf.reshape(mean, [rows, columns / centers]),
      pullBack: (cotangent, [slopes]) => [
        tf.reshape(tf.mul(slopes!, tf.reshape(cotangent, [-1, 1])), [rows, columns]),
      ],
    };
  }) as Tensor2D;
}

/** Half the mean distance of two centers of a class. */
function meanDistance(proxies: Tensor2D, centers: number): Scalar {
  const [rows, dim] = proxies.shape;
  const classes = tf.reshape(l2Normalize(proxies), [-1, centers, dim]);
  const cosines = tf.reshape(tf.matMul(classes, tf.transpose(classes, [0, 2, 1])), [rows, centers]) as Tensor2D;
  const numbers = tf.range(0, centers);
  const before = tf.less(tf.reshape(numbers, [centers, 1]), tf.reshape(numbers, [1, centers]));
  const distances = tf.mul(tf.reshape(unitDistances(cosines), [-1, centers, centers]), tf.cast(before, "float32"));
  return tf.div(tf.sum(distances), rows * (centers - 1));
}
