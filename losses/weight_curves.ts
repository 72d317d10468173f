/**
 * Weights of pairs that follow from a pair's similarity alone.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor2D } from "../core/types.ts";
import { checkPositiveOption } from "./_checks.ts";
import { weightOptions } from "./_weight_options.ts";
import type { PairWeights } from "./pair_weighting.ts";

/** Options of {@linkcode constantWeights}. */
export interface ConstantWeightsOptions {
  /** The weight of every pair. 1 if left out. */
  readonly weight?: number;
}

/**
 * The same weight for all pairs: w⁺ = w⁻ = w.
 *
 * @throws {RangeError} If the weight is not a finite number.
 *
 * @example
 * ```ts
 * import { constantWeights, pairWeighting, stepWeights } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const loss = pairWeighting({
 *   positive: constantWeights().positive,
 *   negative: stepWeights({ threshold: 0.5 }).negative,
 * });
 * const targets = tf.tensor1d([0, 1], "int32");
 * const value = loss([tf.tensor2d([[1, 0], [0.6, 0.8]])], { training: true, key: key(0), targets });
 * // Each row has one negative, at similarity 0.6, and no positive.
 * assertAlmostEquals(value.dataSync()[0]!, 0.6, 1e-6);
 * ```
 */
export function constantWeights(options: ConstantWeightsOptions = {}): PairWeights {
  const { weight } = weightOptions("constant weights", { weight: 1 }, options);
  const everywhere = ({ shape }: Tensor2D): Tensor2D => tf.fill(shape, weight);
  return { positive: everywhere, negative: everywhere };
}

/** Options of {@linkcode stepWeights}. */
export interface StepWeightsOptions {
  /** The similarity that a positive must be below, and a negative above, to weigh anything, t. 0.5 if left out. */
  readonly threshold?: number;
}

/**
 * Weight 1 for hard pairs and 0 for easy ones: w⁺ = 1 where s < t, w⁻ = 1 where s > t.
 *
 * @throws {RangeError} If the threshold is not a finite number.
 *
 * @example
 * ```ts
 * import { pairWeighting, stepWeights } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const loss = pairWeighting(stepWeights({ threshold: 0.7 }));
 * const targets = tf.tensor1d([0, 1], "int32");
 * const value = loss([tf.tensor2d([[1, 0], [0.6, 0.8]])], { training: true, key: key(0), targets });
 * // The only similarity is 0.6, and of negatives.
 * assertAlmostEquals(value.dataSync()[0]!, 0, 1e-6);
 * ```
 */
export function stepWeights(options: StepWeightsOptions = {}): PairWeights {
  const { threshold } = weightOptions("step weights", { threshold: 0.5 }, options);
  return byHardness(threshold, (hardness) => tf.cast(tf.greater(hardness, 0), "float32"));
}

/** Options of {@linkcode linearWeights}. */
export interface LinearWeightsOptions {
  /** The similarity from which on pairs weigh something, t. 0.5 if left out. */
  readonly threshold?: number;
  /** The power k. 1 if left out. */
  readonly power?: number;
}

/**
 * Weights that grow from 0 with how hard a pair is: w⁺ = max(t - s, 0)ᵏ, w⁻ = max(s - t, 0)ᵏ.
 *
 * @throws {RangeError} If the threshold is not a finite number or the power not a finite number above 0.
 *
 * @example
 * ```ts
 * import { linearWeights, pairWeighting } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const loss = pairWeighting(linearWeights({ threshold: 0.5, power: 2 }));
 * const targets = tf.tensor1d([0, 1], "int32");
 * const value = loss([tf.tensor2d([[1, 0], [0.6, 0.8]])], { training: true, key: key(0), targets });
 * // Each row has one negative, at similarity 0.6.
 * assertAlmostEquals(value.dataSync()[0]!, 0.6 * 0.1 ** 2, 1e-6);
 * ```
 */
export function linearWeights(options: LinearWeightsOptions = {}): PairWeights {
  const { threshold, power } = weightOptions("linear weights", { threshold: 0.5, power: 1 }, options);
  checkPositiveOption("linear weights", { power });
  return byHardness(threshold, (hardness) => power === 1 ? tf.relu(hardness) : tf.pow(tf.relu(hardness), power));
}

/** Options of {@linkcode exponentialWeights}. */
export interface ExponentialWeightsOptions {
  /** The similarity at which pairs weigh 1, t. 0.5 if left out. */
  readonly threshold?: number;
  /** How fast weights grow, k. 10 if left out. */
  readonly rate?: number;
}

/**
 * Weights that grow exponentially with how hard a pair is: w⁺ = exp(k (t - s)), w⁻ = exp(k (s - t)).
 *
 * @throws {RangeError} If the threshold is not a finite number or the rate not a finite number above 0.
 *
 * @example
 * ```ts
 * import { exponentialWeights, pairWeighting } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const loss = pairWeighting(exponentialWeights({ threshold: 0.5, rate: 20 }));
 * const targets = tf.tensor1d([0, 1], "int32");
 * const value = loss([tf.tensor2d([[1, 0], [0.6, 0.8]])], { training: true, key: key(0), targets });
 * // Each row has one negative, at similarity 0.6.
 * assertAlmostEquals(value.dataSync()[0]!, 0.6 * Math.exp(2), 1e-4);
 * ```
 */
export function exponentialWeights(options: ExponentialWeightsOptions = {}): PairWeights {
  const { threshold, rate } = weightOptions("exponential weights", { threshold: 0.5, rate: 10 }, options);
  checkPositiveOption("exponential weights", { rate });
  return byHardness(threshold, (hardness) => tf.exp(tf.mul(hardness, rate)));
}

/** Weights from how hard a pair is: how far the similarity is on the wrong side of a threshold. */
function byHardness(threshold: number, curve: (hardness: Tensor2D) => Tensor2D): PairWeights {
  return {
    positive: (similarity) => curve(tf.sub(threshold, similarity)),
    negative: (similarity) => curve(tf.sub(similarity, threshold)),
  };
}
