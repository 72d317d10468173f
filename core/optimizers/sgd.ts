/**
 * Stochastic gradient descent.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Schedule } from "../schedules.ts";
import type { Tensor } from "../types.ts";
import { atLeastZero, belowOne } from "./_checks.ts";
import { hasAxes } from "./_decay.ts";
import { createOptimizer, type Optimizer, type ParameterFilter } from "./optimizer.ts";

/** Options of {@linkcode sgd}. */
export interface SgdOptions {
  /** The learning rate η, or its schedule. */
  readonly learningRate: number | Schedule;
  /** The share μ of the velocity that an update keeps, in [0, 1). 0 if left out. */
  readonly momentum?: number;
  /** Whether to look one step ahead (Nesterov). False if left out. */
  readonly nesterov?: boolean;
  /** The strength λ of an L2 penalty, whose gradient λθ is added. 0 if left out. */
  readonly weightDecay?: number;
  /** Which parameters the penalty applies to. Those with two axes or more if left out. */
  readonly decay?: ParameterFilter;
}

/**
 * Stochastic gradient descent with momentum.
 *
 * g ← g + λθ, v ← μv + g, θ ← θ - ηv; with Nesterov's momentum θ ← θ - η(g + μv).
 *
 * Slots: `velocity`, with momentum only. A parameter costs 2 kernels, 4 with momentum, 6 with Nesterov's; weight decay
 * adds 2.
 *
 * Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep learning", 2013.
 *
 * @throws {RangeError} If an option lies outside its range, or Nesterov's momentum is asked for without momentum.
 *
 * @example
 * ```ts
 * import { sgd, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const weight = tf.variable(tf.tensor2d([[1, 2]]));
 * const optimizer = sgd({ learningRate: 0.5, momentum: 0.9 });
 * optimizer.update({ weight }, { weight: tf.tensor2d([[1, 1]]) });
 * assertEquals([...weight.dataSync()], [0.5, 1.5]);
 * ```
 */
export function sgd(options: SgdOptions): Optimizer {
  const { learningRate, momentum = 0, nesterov = false, weightDecay = 0, decay = hasAxes } = options;
  belowOne("momentum", momentum);
  atLeastZero("weightDecay", weightDecay);
  if (nesterov && momentum === 0) {
    throw new RangeError("Cannot optimize: nesterov is set but momentum is 0, expected momentum above 0");
  }
  return createOptimizer({
    learningRate,
    slots: momentum > 0 ? ["velocity"] : [],
    apply(parameter, given, { velocity }, { name, rate }) {
      const decayed = weightDecay > 0 && decay(name, parameter);
      const gradient = decayed ? tf.add(given, tf.mul(parameter, weightDecay)) : given;
      let direction: Tensor = gradient;
      if (velocity) {
        velocity.assign(tf.add(tf.mul(velocity, momentum), gradient));
        direction = nesterov ? tf.add(gradient, tf.mul(velocity, momentum)) : velocity;
      }
      parameter.assign(tf.sub(parameter, tf.mul(direction, rate)));
    },
  });
}
