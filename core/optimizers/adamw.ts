/**
 * Adam with decoupled weight decay.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Schedule } from "../schedules.ts";
import { atLeastZero } from "./_checks.ts";
import { hasAxes } from "./_decay.ts";
import { moments, momentSlots } from "./_moments.ts";
import { createOptimizer, type Optimizer, type ParameterFilter } from "./optimizer.ts";

/** Options of {@linkcode adamW}. */
export interface AdamWOptions {
  /** The learning rate η, or its schedule. */
  readonly learningRate: number | Schedule;
  /** The share β₁ of the first moment that an update keeps, in [0, 1). 0.9 if left out. */
  readonly beta1?: number;
  /** The share β₂ of the second moment that an update keeps, in [0, 1). 0.999 if left out. */
  readonly beta2?: number;
  /** What keeps the division finite, ε > 0. 1e-8 if left out. */
  readonly epsilon?: number;
  /** The strength λ of the weight decay, which the learning rate multiplies. 0.01 if left out. */
  readonly weightDecay?: number;
  /** Which parameters decay. Those with two axes or more if left out, so no biases, norm scales and temperatures. */
  readonly decay?: ParameterFilter;
}

/**
 * Adam with bias correction and decoupled weight decay.
 *
 * m ← β₁m + (1 - β₁)g, v ← β₂v + (1 - β₂)g², θ ← (1 - ηλ)θ - η · m̂ / (√v̂ + ε), where m̂ = m / (1 - β₁ᵗ) and
 * v̂ = v / (1 - β₂ᵗ).
 *
 * Slots: `firstMoment` and `secondMoment`, which hold m / (1 - β₁) and v / (1 - β₂). A parameter costs one kernel
 * where the engine has it; else 10, 11 with decay, and at most three temporaries of its size.
 *
 * Loshchilov and Hutter, "Decoupled weight decay regularization", 2019.
 *
 * @throws {RangeError} If an option lies outside its range.
 *
 * @example
 * ```ts
 * import { adamW, cosineDecay, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const weight = tf.variable(tf.tensor2d([[1, 2]]));
 * const optimizer = adamW({
 *   learningRate: cosineDecay({ peak: 0.1, warmup: 1, total: 100 }),
 *   weightDecay: 0,
 * });
 * optimizer.update({ weight }, { weight: tf.tensor2d([[3, -7]]) });
 * // The first update moves every entry by the learning rate, whatever the size of its gradient.
 * assertAlmostEquals(weight.dataSync()[0]!, 0.9, 1e-6);
 * assertAlmostEquals(weight.dataSync()[1]!, 2.1, 1e-6);
 * ```
 */
export function adamW(options: AdamWOptions): Optimizer {
  const { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01, decay = hasAxes } = options;
  atLeastZero("weightDecay", weightDecay);
  const { fold, step } = moments(beta1, beta2, epsilon);
  return createOptimizer({
    learningRate,
    slots: momentSlots,
    apply(parameter, gradient, slots, { name, rate, count }) {
      const kept = weightDecay > 0 && decay(name, parameter) ? 1 - rate * weightDecay : 1;
      if (step(parameter, gradient, slots, { count, rate, kept })) return;
      const { direction, scale } = fold(gradient, slots, count);
      const move = tf.mul(direction, rate * scale);
      direction.dispose();
      parameter.assign(tf.sub(kept === 1 ? parameter : tf.mul(parameter, kept), move));
    },
  });
}
