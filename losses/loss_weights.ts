/**
 * The weights that losses give to pairs: the sizes of their gradients with respect to similarities.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { pullback } from "../core/_autodiff.ts";
import { anyInRow, countRows, maskedLogSumExp, tripletSums, unitDistances } from "../core/ops/pairs/mod.ts";
import type { Block } from "../core/row_loss.ts";
import type { Tensor2D } from "../core/types.ts";
import { checkPositiveOption } from "./_checks.ts";
import { weightOptions } from "./_weight_options.ts";
import type { BinomialDevianceOptions } from "./binomial_deviance.ts";
import type { MultiSimilarityOptions } from "./multi_similarity.ts";
import type { PairWeights } from "./pair_weighting.ts";
import { stepWeights } from "./weight_curves.ts";

/** Options of {@linkcode contrastiveWeights}. */
export interface ContrastiveWeightsOptions {
  /** Where positives are close enough. 1 if left out. */
  readonly positiveMargin?: number;
  /** Where negatives are far enough. 0 if left out. */
  readonly negativeMargin?: number;
}

/**
 * The weights of the contrastive loss by cosine: w⁺ = 1 where s < m⁺, w⁻ = 1 where s > m⁻.
 *
 * {@linkcode contrastive} divides positives and negatives by the numbers of those that weigh something.
 *
 * @throws {RangeError} If a margin is not a finite number.
 *
 * @example
 * ```ts
 * import { contrastiveWeights, pairWeighting } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const loss = pairWeighting(contrastiveWeights({ negativeMargin: 0.5 }));
 * const targets = tf.tensor1d([0, 1], "int32");
 * const value = loss([tf.tensor2d([[1, 0], [0.6, 0.8]])], { training: true, key: key(0), targets });
 * // Each row has one negative, at similarity 0.6.
 * assertAlmostEquals(value.dataSync()[0]!, 0.6, 1e-6);
 * ```
 */
export function contrastiveWeights(options: ContrastiveWeightsOptions = {}): PairWeights {
  const { positiveMargin, negativeMargin } = weightOptions(
    "contrastive weights",
    { positiveMargin: 1, negativeMargin: 0 },
    options,
  );
  return {
    positive: stepWeights({ threshold: positiveMargin }).positive,
    negative: stepWeights({ threshold: negativeMargin }).negative,
  };
}

/**
 * The weights of the binomial deviance loss: w⁺ = α / (1 + exp(α (s - λ))), w⁻ = β / (1 + exp(-β (s - λ))).
 *
 * {@linkcode binomialDeviance} divides by the numbers of positive and of negative pairs.
 *
 * @throws {RangeError} If α or β is not a finite number above 0, or λ not a finite number.
 *
 * @example
 * ```ts
 * import { binomialDevianceWeights, pairWeighting } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const loss = pairWeighting(binomialDevianceWeights({ beta: 40, base: 0.6 }));
 * const targets = tf.tensor1d([0, 1], "int32");
 * const value = loss([tf.tensor2d([[1, 0], [0.6, 0.8]])], { training: true, key: key(0), targets });
 * // Each row has one negative, at similarity 0.6.
 * assertAlmostEquals(value.dataSync()[0]!, 0.6 * 20, 1e-4);
 * ```
 */
export function binomialDevianceWeights(options: BinomialDevianceOptions = {}): PairWeights {
  const { alpha, beta, base } = slopes("binomial deviance weights", options);
  const weight = (slope: number) => (similarity: Tensor2D): Tensor2D =>
    tf.mul(tf.sigmoid(tf.mul(tf.sub(similarity, base), slope)), Math.abs(slope));
  return { positive: weight(-alpha), negative: weight(beta) };
}

/**
 * The weights of the multi-similarity loss: w⁺ = exp(-α (s - λ)) / (1 + Σ_{p ∈ P(a)} exp(-α (s_ap - λ))),
 * w⁻ = exp(β (s - λ)) / (1 + Σ_{n ∈ N(a)} exp(β (s_an - λ))).
 *
 * {@linkcode multiSimilarity} divides by the number of anchors, as {@linkcode pairWeighting} does.
 *
 * @throws {RangeError} If α or β is not a finite number above 0, or λ not a finite number.
 *
 * @example
 * ```ts
 * import { multiSimilarityWeights, pairWeighting } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const loss = pairWeighting(multiSimilarityWeights({ base: 0.6 }));
 * const targets = tf.tensor1d([0, 1], "int32");
 * const value = loss([tf.tensor2d([[1, 0], [0.6, 0.8]])], { training: true, key: key(0), targets });
 * // Each row has one negative, at similarity 0.6.
 * assertAlmostEquals(value.dataSync()[0]!, 0.6 / 2, 1e-5);
 * ```
 */
export function multiSimilarityWeights(options: MultiSimilarityOptions = {}): PairWeights {
  const { alpha, beta, base } = slopes("multi-similarity weights", options);
  const weight = (side: "positive" | "negative", slope: number) => (similarity: Tensor2D, block: Block): Tensor2D => {
    const exponents = tf.mul(tf.sub(similarity, base), slope) as Tensor2D;
    return tf.exp(tf.sub(exponents, tf.softplus(maskedLogSumExp(exponents, block[side]))));
  };
  return { positive: weight("positive", -alpha), negative: weight("negative", beta) };
}

/** Options of {@linkcode infoNCEWeights}. */
export interface InfoNCEWeightsOptions {
  /** The temperature τ that similarities are divided by. 0.05 if left out. */
  readonly temperature?: number;
}

/**
 * The weights of InfoNCE: w⁺ = (1/|P(a)| - π) / τ, w⁻ = π / τ, with π the softmax of s/τ over P(a) ∪ N(a).
 *
 * With one positive they are those of {@linkcode infoNCE} and {@linkcode ntXent}; with several those of
 * {@linkcode supCon}, where a positive that is near enough is pushed. Anchors without a positive weigh nothing; the losses do not
 * count them in their mean, {@linkcode pairWeighting} does.
 *
 * @throws {RangeError} If the temperature is not a finite number above 0.
 *
 * @example
 * ```ts
 * import { infoNCEWeights, pairWeighting } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const loss = pairWeighting(infoNCEWeights({ temperature: 1 }));
 * const targets = tf.tensor1d([0, 0, 1], "int32");
 * const rows = tf.tensor2d([[1, 0], [1, 0], [0, 1]]);
 * const value = loss([rows], { training: true, key: key(0), targets });
 * // Two of three anchors have a positive, at similarity 1, with a softmax of e / (e + 1).
 * assertAlmostEquals(value.dataSync()[0]!, -2 / 3 / (Math.E + 1), 1e-6);
 * ```
 */
export function infoNCEWeights(options: InfoNCEWeightsOptions = {}): PairWeights {
  const { temperature } = weightOptions("InfoNCE weights", { temperature: 0.05 }, options);
  checkPositiveOption("InfoNCE weights", { temperature });
  const softmax = (similarity: Tensor2D, { positive, negative }: Block): Tensor2D => {
    const logits = tf.div(similarity, temperature) as Tensor2D;
    return tf.exp(tf.sub(logits, maskedLogSumExp(logits, tf.logicalOr(positive, negative) as Tensor2D)));
  };
  return {
    positive: (similarity, block) => {
      const share = tf.div(1, tf.maximum(countRows(block.positive), 1));
      return tf.div(tf.sub(share, softmax(similarity, block)), temperature);
    },
    negative: (similarity, block) => tf.mul(softmax(similarity, block), tf.div(anyInRow(block.positive), temperature)),
  };
}

/** Options of {@linkcode tripletWeights}. */
export interface TripletWeightsOptions {
  /** How much nearer than a negative a positive should be, as a difference of similarities, m. 0.1 if left out. */
  readonly margin?: number;
}

/**
 * The weights of the triplet loss by cosine: w⁺ is the number of negatives with s_an > s_ap - m, w⁻ that of positives with
 * s_ap < s_an + m.
 *
 * So they are by similarity, not by distance. The triplet loss divides by the number of triplets that are not 0. The `gap`
 * of triplet miners is heeded.
 *
 * @throws {RangeError} If the margin is not a finite number.
 *
 * @example
 * ```ts
 * import { pairWeighting, tripletWeights } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const loss = pairWeighting(tripletWeights({ margin: 0.5 }));
 * const targets = tf.tensor1d([0, 0, 1], "int32");
 * const rows = tf.tensor2d([[1, 0], [1, 0], [0.6, 0.8]]);
 * const value = loss([rows], { training: true, key: key(0), targets });
 * // Two triplets, with the positive at similarity 1 and the negative at 0.6; three anchors.
 * assertAlmostEquals(value.dataSync()[0]!, 2 * (0.6 - 1) / 3, 1e-6);
 * ```
 */
export function tripletWeights(options: TripletWeightsOptions = {}): PairWeights {
  const { margin } = weightOptions("triplet weights", { margin: 0.1 }, options);
  return {
    positive: (similarity, block) => tripletSlopes(similarity, block, margin),
    negative: (similarity, block) => tf.neg(tripletSlopes(similarity, block, margin)),
  };
}

/** For each positive the number of its triplets above 0, for each negative less that number. */
function tripletSlopes(similarity: Tensor2D, block: Block, margin: number): Tensor2D {
  const distances = tf.neg(similarity);
  const { gradients } = pullback(
    () => tripletSums(distances, block, { margin, smooth: false }, block.gap && unitDistances(similarity)).sum,
    () => [distances],
  );
  return gradients[0] as Tensor2D;
}

function slopes(
  weights: string,
  options: BinomialDevianceOptions & MultiSimilarityOptions,
): { alpha: number; beta: number; base: number } {
  const filled = weightOptions(weights, { alpha: 2, beta: 50, base: 0.5 }, options);
  checkPositiveOption(weights, { alpha: filled.alpha, beta: filled.beta });
  return filled;
}
