/**
 * Proxy-NCA.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { anyInRow, maskedLogSumExp, maskedSum } from "../core/ops/pairs/mod.ts";
import type { RowSum } from "../core/row_loss.ts";
import { normal } from "../core/stream.ts";
import type { Scalar, Tensor2D } from "../core/types.ts";
import { checkPositiveOption } from "./_checks.ts";
import { classTerms } from "./_class_softmax.ts";
import { type ProxyLoss, proxyLoss, type ProxyOptions } from "./_proxies.ts";

/** Options of {@linkcode proxyNCA}. */
export type ProxyNCAOptions = ProxyOptions & {
  /** The factor c that squared distances are multiplied by. 1 if left out. */
  readonly scale?: number;
  /** The proxies that the own one is held against: all, or those of other classes. All if left out. */
  readonly denominator?: "all" | "negatives";
};

/**
 * Proxy-NCA: each example shall be nearer to the proxy of its class than to those of other classes.
 *
 * L = mean over examples of -log( exp(-c d²(x, p_y)) / Σ_z exp(-c d²(x, p_z)) ), with d² = 2 - 2s the squared distance of
 * rows at length 1, s their cosine and y the label. The sum is over all proxies, as in common libraries; in the paper it is
 * over those of the other classes, which `denominator: "negatives"` gives. It is 0 where there is one class only.
 *
 * Takes one matrix `[N, dim]` or several views of the same examples, and labels `[N]` from 0 to classes - 1 as the targets
 * of the step. The proxies, `[classes, dim]`, are drawn from the standard normal distribution. A row loss: it is evaluated
 * in tiles.
 *
 * Movshovitz-Attias, Toshev, Leung, Ioffe and Singh, "No fuss distance metric learning using proxies", 2017.
 *
 * @throws {RangeError} If an option is out of its range. The loss throws one for a label without a proxy, where labels can
 * be read synchronously, or for representations of another width, and a TypeError if there are no labels.
 *
 * @example
 * ```ts
 * import { proxyNCA } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const loss = proxyNCA({ proxies: tf.variable(tf.tensor2d([[1, 0], [0, 1]])) });
 * const targets = tf.tensor1d([1], "int32");
 * const value = loss([tf.tensor2d([[0, 3]])], { training: true, key: key(0), targets });
 * // Squared distances 0 and 2.
 * assertAlmostEquals(value.dataSync()[0]!, Math.log(1 + Math.exp(-2)), 1e-6);
 * ```
 */
export function proxyNCA(options: ProxyNCAOptions): ProxyLoss {
  const { scale = 1, denominator = "all" } = options;
  checkPositiveOption("Proxy-NCA", { scale });
  if (denominator !== "all" && denominator !== "negatives") {
    throw new RangeError(`Cannot make Proxy-NCA: denominator is ${denominator}, expected "all" or "negatives"`);
  }
  return proxyLoss({
    title: "Proxy-NCA",
    from: options,
    draw: normal,
    terms: ({ similarity, positive, negative }): RowSum => {
      // The constant of the distances cancels.
      const logits = tf.mul(similarity, 2 * scale) as Tensor2D;
      const own = maskedSum(logits, positive);
      if (denominator === "all") return classTerms(logits, own, { positive, negative });
      const both = tf.mul(anyInRow(positive), anyInRow(negative));
      const losses = tf.sub(maskedLogSumExp(logits, negative), own);
      return { sum: tf.sum(tf.mul(losses, both)) as Scalar, count: tf.sum(both) as Scalar };
    },
  });
}
