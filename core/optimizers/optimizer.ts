/**
 * What an optimizer is, and how one is made from its update rule.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Schedule } from "../schedules.ts";
import type { Gradients, Params, Tensor, Variable } from "../types.ts";
import { checkUpdate, rateAt } from "./_checks.ts";
import { slotStore } from "./_slots.ts";

/** Changes parameters by their gradients, and keeps the state that it needs for that. */
export interface Optimizer {
  /** How many updates were made. */
  readonly steps: number;
  /**
   * The state as variables, named `<slot>/<parameter>` as in `velocity/encoder0/weight`; empty before the first update.
   * Together with `steps` it is what a checkpoint has to hold.
   */
  readonly slots: Params;
  /**
   * Makes one update.
   *
   * The gradients stay the caller's. Everything is checked before the first parameter changes, except whether the
   * gradients are finite, since that would read back every one of them; the norm of `clipByGlobalNorm` tells.
   *
   * @throws {TypeError} If the names of parameters and gradients differ, or a gradient was disposed.
   * @throws {RangeError} If a gradient has another shape than its parameter, if the state is that of other parameters,
   * or if the schedule gives an impossible rate.
   */
  update(params: Params, gradients: Gradients): void;
  /**
   * Takes over a state that was saved, as copies.
   *
   * @param steps How many updates it is the state of.
   * @param slots What `slots` was then.
   * @throws {RangeError} If `steps` is impossible, or a name does not begin with one of this optimizer's slots.
   */
  restore(steps: number, slots: { readonly [name: string]: Tensor }): void;
  /** Disposes the state; the optimizer would start anew. */
  dispose(): void;
}

/** Tells whether something applies to a parameter, from its name and its variable. */
export type ParameterFilter = (name: string, parameter: Variable) => boolean;

/** What an update rule is told beside the parameter. */
export interface UpdateContext {
  /** The parameter's name. */
  readonly name: string;
  /** The learning rate of this update. */
  readonly rate: number;
  /** The number of this update, 1 for the first. */
  readonly count: number;
}

/** How one parameter is updated. */
export interface UpdateRule {
  /** The learning rate, or its schedule. */
  readonly learningRate: number | Schedule;
  /** Names of the variables that each parameter needs beside itself; all start as zeros of its shape. */
  readonly slots: readonly string[];
  /** Assigns new values to a parameter and to its variables by slot; what else it makes is disposed. */
  apply(parameter: Variable, gradient: Tensor, slots: Params, context: UpdateContext): void;
}

/**
 * Makes an optimizer from the rule for one parameter.
 *
 * @throws {RangeError} If the learning rate is negative or not finite.
 *
 * @example The sign of the gradient alone
 * ```ts
 * import { createOptimizer, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const optimizer = createOptimizer({
 *   learningRate: 0.5,
 *   slots: [],
 *   apply: (parameter, gradient, _slots, { rate }) =>
 *     parameter.assign(tf.sub(parameter, tf.mul(tf.sign(gradient), rate))),
 * });
 * const weight = tf.variable(tf.tensor1d([1, 1]));
 * optimizer.update({ weight }, { weight: tf.tensor1d([3, -0.2]) });
 * assertEquals([...weight.dataSync()], [0.5, 1.5]);
 * ```
 */
export function createOptimizer(rule: UpdateRule): Optimizer {
  if (typeof rule.learningRate === "number") rateAt(rule.learningRate, 0);
  const store = slotStore(rule.slots);
  let steps = 0;
  return {
    get steps() {
      return steps;
    },
    get slots() {
      return store.all();
    },
    update(params, gradients) {
      checkUpdate(params, gradients);
      store.check(params, steps);
      const context = { rate: rateAt(rule.learningRate, steps), count: steps + 1 };
      for (const [name, parameter] of Object.entries(params)) {
        const slots = store.of(name, parameter);
        tf.tidy(() => rule.apply(parameter, gradients[name]!, slots, { name, ...context }));
      }
      steps++;
    },
    restore(saved, slots) {
      if (!Number.isSafeInteger(saved) || saved < 0) {
        throw new RangeError(`Cannot restore the optimizer: steps is ${saved}, expected an integer of at least 0`);
      }
      store.restore(slots);
      steps = saved;
    },
    dispose() {
      store.dispose();
      steps = 0;
    },
  };
}
