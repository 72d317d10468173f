/**
 * Adam whose step is scaled to the size of each parameter.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Schedule } from "../schedules.ts";
import type { Scalar, Tensor } from "../types.ts";
import { aboveZero, atLeastZero } from "./_checks.ts";
import { hasAxes } from "./_decay.ts";
import { moments, momentSlots } from "./_moments.ts";
import { createOptimizer, type Optimizer, type ParameterFilter } from "./optimizer.ts";

/** Options of {@linkcode lamb}. */
export interface LambOptions {
  /** The learning rate η, or its schedule. */
  readonly learningRate: number | Schedule;
  /** The share β₁ of the first moment that an update keeps, in [0, 1). 0.9 if left out. */
  readonly beta1?: number;
  /** The share β₂ of the second moment that an update keeps, in [0, 1). 0.999 if left out. */
  readonly beta2?: number;
  /** What keeps the division finite, ε > 0. 1e-6 if left out. */
  readonly epsilon?: number;
  /** The strength λ of the weight decay. 0.01 if left out. */
  readonly weightDecay?: number;
  /** Which parameters decay. Those with two axes or more if left out. */
  readonly decay?: ParameterFilter;
  /** Which parameters have a trust ratio other than 1. Those that may decay if left out. */
  readonly adapt?: ParameterFilter;
  /** ρ in (0, 1]: keeps the trust ratio in [ρ, 1/ρ]. Not kept anywhere if left out. */
  readonly clamp?: number;
  /** The largest norm of a parameter that the trust ratio counts. Not bounded if left out. */
  readonly maxNorm?: number;
}

/**
 * LAMB: layer-wise adaptive moments for large batches.
 *
 * r = m̂ / (√v̂ + ε) + λθ, trust = ‖θ‖ / ‖r‖, or 1 if either norm is 0, and θ ← θ - η · trust · r.
 *
 * With `maxNorm` and `clamp` trust = clip(min(‖θ‖, maxNorm) / ‖r‖, ρ, 1/ρ); clamping from both sides, as with
 * `clamp: 0.01, maxNorm: 10`, is what Shacklett et al. train large batches of simulations with.
 *
 * Slots: `firstMoment` and `secondMoment`, as for `adamW`. No number is read back from the engine.
 *
 * You et al., "Large batch optimization for deep learning: training BERT in 76 minutes", 2020; Shacklett et al., "Large
 * batch simulation for deep reinforcement learning", 2021.
 *
 * @throws {RangeError} If an option lies outside its range.
 *
 * @example
 * ```ts
 * import { lamb, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const weight = tf.variable(tf.tensor2d([[3, 4]]));
 * const optimizer = lamb({ learningRate: 0.1, weightDecay: 0 });
 * optimizer.update({ weight }, { weight: tf.tensor2d([[1, 1]]) });
 * // The step has a tenth of the length 5 of the parameter.
 * assertAlmostEquals(weight.dataSync()[0]!, 3 - 0.5 / Math.sqrt(2), 1e-5);
 * ```
 */
export function lamb(options: LambOptions): Optimizer {
  const { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-6, weightDecay = 0.01 } = options;
  const { decay = hasAxes, adapt = decay, clamp, maxNorm } = options;
  atLeastZero("weightDecay", weightDecay);
  if (maxNorm !== undefined) aboveZero("maxNorm", maxNorm);
  if (clamp !== undefined && !(clamp > 0 && clamp <= 1)) {
    throw new RangeError(`Cannot optimize: clamp is ${clamp}, expected a number in (0, 1]`);
  }
  const { fold } = moments(beta1, beta2, epsilon);

  /** ‖θ‖ / ‖r‖ within the bounds, as a scalar; r is `scale` times what is given. */
  const trustRatio = (parameter: Tensor, direction: Tensor, scale: number): Scalar =>
    tf.tidy(() => {
      const whole = norm(parameter);
      const step = tf.mul(norm(direction), scale);
      const bounded = maxNorm === undefined ? whole : tf.minimum(whole, maxNorm);
      const ratio = tf.div(bounded, step);
      const clamped = clamp === undefined ? ratio : tf.clipByValue(ratio, clamp, 1 / clamp);
      return tf.where(tf.greater(tf.minimum(whole, step), 0), clamped, tf.onesLike(clamped)) as Scalar;
    });

  return createOptimizer({
    learningRate,
    slots: momentSlots,
    apply(parameter, gradient, slots, { name, rate, count }) {
      const { direction: adam, scale } = fold(gradient, slots, count);
      const decayed = weightDecay > 0 && decay(name, parameter);
      // Divided by the scale, which the step multiplies again, so that the moments need no pass of their own for it.
      const direction = decayed ? tf.tidy(() => tf.add(adam, tf.mul(parameter, weightDecay / scale))) : adam;
      const step = adapt(name, parameter)
        ? tf.mul(trustRatio(parameter, direction, scale), rate * scale)
        : rate * scale;
      parameter.assign(tf.sub(parameter, tf.mul(direction, step)));
    },
  });
}

function norm(x: Tensor): Scalar {
  return tf.tidy(() => tf.sqrt(tf.sum(tf.square(x))));
}
