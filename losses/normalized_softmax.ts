/**
 * The normalized softmax.
 *
 * @module
 */
import { maskedSum } from "../core/ops/pairs/mod.ts";
import { uniform } from "../core/stream.ts";
import { classTerms } from "./_class_softmax.ts";
import { type ProxyLoss, proxyLoss, type ProxyOptions } from "./_proxies.ts";
import { heated, scaled } from "./_heat.ts";
import type { Temperature } from "./temperature.ts";

/** Options of {@linkcode normalizedSoftmax}. */
export type NormalizedSoftmaxOptions = ProxyOptions & {
  /** The temperature τ that cosines are divided by, fixed or learnt. 0.05 if left out. */
  readonly temperature?: number | Temperature;
};

/**
 * The normalized softmax: classification by the cosines of examples with a weight vector for each class.
 *
 * L = mean over examples of -log( exp(s_y/τ) / Σ_c exp(s_c/τ) ), with s_c the cosine of the example and the weights of class
 * c, and y the label.
 *
 * Takes one matrix `[N, dim]` or several views of the same examples, and labels `[N]` from 0 to classes - 1 as the targets
 * of the step. The weights are the parameter `proxies`, `[classes, dim]`, drawn uniformly from ±1/√dim as in the authors'
 * code. A row loss: it is evaluated in tiles.
 *
 * Zhai and Wu, "Classification is a strong baseline for deep metric learning", 2019.
 *
 * @throws {RangeError} If an option is out of its range. The loss throws one for a label without a proxy, where labels can
 * be read synchronously, or for representations of another width, and a TypeError if there are no labels.
 *
 * @example
 * ```ts
 * import { normalizedSoftmax } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const loss = normalizedSoftmax({ proxies: tf.variable(tf.tensor2d([[1, 0], [0, 1]])), temperature: 0.5 });
 * const targets = tf.tensor1d([1], "int32");
 * const value = loss([tf.tensor2d([[0, 3]])], { training: true, key: key(0), targets });
 * assertAlmostEquals(value.dataSync()[0]!, Math.log(1 + Math.exp(-2)), 1e-6);
 * ```
 */
export function normalizedSoftmax(options: NormalizedSoftmaxOptions): ProxyLoss {
  const { temperature = 0.05 } = options;
  return proxyLoss({
    title: "the normalized softmax",
    from: options,
    draw: (key, rows, dim) => uniform(key, rows, dim).map((value) => (2 * value - 1) / Math.sqrt(dim)),
    ...heated(temperature),
    terms: ({ similarity, positive, negative, shared }) => {
      const logits = scaled(similarity, temperature, { shared });
      return classTerms(logits, maskedSum(logits, positive), { positive, negative });
    },
  });
}
