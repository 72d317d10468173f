/**
 * CosFace, the large margin cosine loss.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { maskedSum } from "../core/ops/pairs/mod.ts";
import type { Tensor2D } from "../core/types.ts";
import { checkFiniteOption, checkPositiveOption } from "./_checks.ts";
import { classTerms } from "./_class_softmax.ts";
import { narrowNormal, type ProxyLoss, proxyLoss, type ProxyOptions } from "./_proxies.ts";

/** Options of {@linkcode cosFace}. */
export type CosFaceOptions = ProxyOptions & {
  /** The margin m that is taken from the cosine with the own class. 0.35 if left out. */
  readonly margin?: number;
  /** The factor that cosines are multiplied by. 64 if left out. */
  readonly scale?: number;
};

/**
 * CosFace: classification by cosines, in which the own class must win by a margin.
 *
 * L = mean over examples of -log( exp(c (s_y - m)) / ( exp(c (s_y - m)) + Σ_{j ≠ y} exp(c s_j) ) ), with s_j the cosine of the
 * example and the weights of class j, y the label and c the scale.
 *
 * Takes one matrix `[N, dim]` or several views of the same examples, and labels `[N]` from 0 to classes - 1 as the targets
 * of the step. The weights are the parameter `proxies`, `[classes, dim]`, drawn from the normal distribution with deviation
 * 0.01; the paper names none, this is what ArcFace's authors take. A row loss: it is evaluated in tiles.
 *
 * Wang et al., "CosFace: large margin cosine loss for deep face recognition", 2018.
 *
 * @throws {RangeError} If an option is out of its range. The loss throws one for a label without a proxy, where labels can
 * be read synchronously, or for representations of another width, and a TypeError if there are no labels.
 *
 * @example
 * ```ts
 * import { cosFace } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const loss = cosFace({ proxies: tf.variable(tf.tensor2d([[1, 0], [0, 1]])), margin: 0.5, scale: 2 });
 * const targets = tf.tensor1d([1], "int32");
 * const value = loss([tf.tensor2d([[0, 3]])], { training: true, key: key(0), targets });
 * assertAlmostEquals(value.dataSync()[0]!, Math.log(1 + Math.exp(-2 * (1 - 0.5))), 1e-6);
 * ```
 */
export function cosFace(options: CosFaceOptions): ProxyLoss {
  const { margin = 0.35, scale = 64 } = options;
  checkFiniteOption("CosFace", { margin });
  checkPositiveOption("CosFace", { scale });
  return proxyLoss({
    title: "CosFace",
    from: options,
    draw: narrowNormal,
    terms: ({ similarity, positive, negative }) => {
      const logits = tf.mul(similarity, scale) as Tensor2D;
      const own = tf.sub(maskedSum(logits, positive), scale * margin) as Tensor2D;
      return classTerms(logits, own, { positive, negative });
    },
  });
}
