/**
 * ArcFace, the additive angular margin loss.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { maskedSum } from "../core/ops/pairs/mod.ts";
import type { Tensor2D } from "../core/types.ts";
import { checkPositiveOption } from "./_checks.ts";
import { classTerms } from "./_class_softmax.ts";
import { narrowNormal, type ProxyLoss, proxyLoss, type ProxyOptions } from "./_proxies.ts";

/** Options of {@linkcode arcFace}. */
export type ArcFaceOptions = ProxyOptions & {
  /** The margin m that is added to the angle with the own class, in radians from 0 to π. 0.5 (28.6°) if left out. */
  readonly margin?: number;
  /** The factor that cosines are multiplied by. 64 if left out. */
  readonly scale?: number;
};

/** Squared sines below this are 0 in float32, whose cosines are 6e-8 apart near 1. */
const LOWEST = 1e-14;

/**
 * ArcFace: classification by cosines, in which the own class must win by a margin between angles.
 *
 * L = mean over examples of -log( exp(c t) / ( exp(c t) + Σ_{j ≠ y} exp(c cos θ_j) ) ), t = cos(θ_y + m), with θ_j the angle
 * between the example and the weights of class j, y the label and c the scale. Where θ_y + m > π, where the cosine would rise
 * again, t = cos θ_y - m sin m, as in common libraries. At angles 0 and π, where the slope of sin θ over cos θ is not
 * finite, that slope counts as 0.
 *
 * Takes one matrix `[N, dim]` or several views of the same examples, and labels `[N]` from 0 to classes - 1 as the targets
 * of the step. The weights are the parameter `proxies`, `[classes, dim]`, drawn from the normal distribution with deviation
 * 0.01 as in the authors' code. A row loss: it is evaluated in tiles.
 *
 * Deng, Guo, Xue and Zafeiriou, "ArcFace: additive angular margin loss for deep face recognition", 2019.
 *
 * @throws {RangeError} If an option is out of its range. The loss throws one for a label without a proxy, where labels can
 * be read synchronously, or for representations of another width, and a TypeError if there are no labels.
 *
 * @example
 * ```ts
 * import { arcFace } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const loss = arcFace({ proxies: tf.variable(tf.tensor2d([[1, 0], [0, 1]])), margin: Math.PI / 6, scale: 2 });
 * const targets = tf.tensor1d([1], "int32");
 * const value = loss([tf.tensor2d([[0, 3]])], { training: true, key: key(0), targets });
 * // The angle with the own class is 0, and with the other one π/2.
 * assertAlmostEquals(value.dataSync()[0]!, Math.log(1 + Math.exp(-2 * Math.cos(Math.PI / 6))), 1e-6);
 * ```
 */
export function arcFace(options: ArcFaceOptions): ProxyLoss {
  const { margin = 0.5, scale = 64 } = options;
  if (!(margin >= 0 && margin <= Math.PI)) {
    throw new RangeError(`Cannot make ArcFace: margin is ${margin}, expected radians from 0 to π`);
  }
  checkPositiveOption("ArcFace", { scale });
  return proxyLoss({
    title: "ArcFace",
    from: options,
    draw: narrowNormal,
    terms: ({ similarity, positive, negative }) => {
      const own = tf.mul(widen(maskedSum(similarity, positive), margin), scale) as Tensor2D;
      return classTerms(tf.mul(similarity, scale), own, { positive, negative });
    },
  });
}

/** cos(θ + margin) of cos θ, and what continues it where θ + margin > π. */
function widen(cosine: Tensor2D, margin: number): Tensor2D {
  const sine = tf.sqrt(tf.maximum(tf.sub(1, tf.square(cosine)), LOWEST));
  const widened = tf.sub(tf.mul(cosine, Math.cos(margin)), tf.mul(sine, Math.sin(margin)));
  const beyond = tf.sub(cosine, margin * Math.sin(margin));
  return tf.where(tf.greaterEqual(cosine, -Math.cos(margin)), widened, beyond) as Tensor2D;
}
