/**
 * Proxy-Anchor.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { anyInRow, maskedLogSumExp } from "../core/ops/pairs/mod.ts";
import { normal } from "../core/stream.ts";
import type { Scalar, Tensor2D } from "../core/types.ts";
import { checkFiniteOption, checkPositiveOption } from "./_checks.ts";
import { type ProxyLoss, proxyLoss, type ProxyOptions } from "./_proxies.ts";

/** Options of {@linkcode proxyAnchor}. */
export type ProxyAnchorOptions = ProxyOptions & {
  /** The margin δ. 0.1 if left out. */
  readonly margin?: number;
  /** The factor α that similarities are multiplied by. 32 if left out. */
  readonly alpha?: number;
};

/**
 * Proxy-Anchor: each proxy shall be near the examples of its class, the farther ones above all, and far from the others.
 *
 * L = 1/|C⁺| Σ_{c ∈ C⁺} log( 1 + Σ_{i ∈ c} exp(-α (s_ci - δ)) ) + 1/|C| Σ_{c ∈ C} log( 1 + Σ_{i ∉ c} exp(α (s_ci + δ)) ),
 * with s_ci the cosine of proxy c and example i, C all classes and C⁺ those with an example in the batch.
 *
 * Takes one matrix `[N, dim]` or several views of the same examples, and labels `[N]` from 0 to classes - 1 as the targets
 * of the step. The proxies, `[classes, dim]`, are drawn from the normal distribution with deviation √(2 / classes), as in
 * the authors' code. A row loss: it is evaluated in tiles, whose anchors are the proxies.
 *
 * Kim, Kim, Cho and Kwak, "Proxy anchor loss for deep metric learning", 2020.
 *
 * @throws {RangeError} If an option is out of its range. The loss throws one for a label without a proxy, where labels can
 * be read synchronously, or for representations of another width, and a TypeError if there are no labels.
 *
 * @example
 * ```ts
 * import { proxyAnchor } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const loss = proxyAnchor({ proxies: tf.variable(tf.tensor2d([[1, 0], [0, 1]])), margin: 0, alpha: 1 });
 * const targets = tf.tensor1d([1], "int32");
 * const value = loss([tf.tensor2d([[0, 3]])], { training: true, key: key(0), targets });
 * // The proxy of class 1 has its example at cosine 1, that of class 0 has one of another class at cosine 0.
 * assertAlmostEquals(value.dataSync()[0]!, Math.log(1 + Math.exp(-1)) + Math.log(2) / 2, 1e-6);
 * ```
 */
export function proxyAnchor(options: ProxyAnchorOptions): ProxyLoss {
  const { margin = 0.1, alpha = 32 } = options;
  checkFiniteOption("Proxy-Anchor", { margin });
  checkPositiveOption("Proxy-Anchor", { alpha });
  return proxyLoss({
    title: "Proxy-Anchor",
    from: options,
    draw: (key, rows, dim) => normal(key, rows, dim).map((value) => value * Math.sqrt(2 / rows.length)),
    anchors: "proxies",
    means: 2,
    terms: ({ similarity, positive, negative, rows }) => {
      const scaled = tf.mul(similarity, alpha) as Tensor2D;
      // The margin is the same in all summands, so that it can be added behind.
      const sum = (logits: Tensor2D, mask: Tensor2D) =>
        tf.sum(tf.softplus(tf.add(maskedLogSumExp(logits, mask), alpha * margin))) as Scalar;
      return [
        { sum: sum(tf.neg(scaled), positive), count: tf.sum(anyInRow(positive)) as Scalar },
        { sum: sum(scaled, negative), count: rows },
      ];
    },
  });
}
