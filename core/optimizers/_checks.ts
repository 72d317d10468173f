/**
 * What the optimizers demand of their options and of what they are to update.
 *
 * @module
 */
import type { Schedule } from "../schedules.ts";
import type { Gradients, Params } from "../types.ts";

/** Checks that gradients fit the parameters. */
export function checkUpdate(params: Params, gradients: Gradients): void {
  for (const name of Object.keys(gradients)) {
    if (!Object.hasOwn(params, name)) {
      throw new TypeError(`Cannot update: there is a gradient for ${name}, which is no parameter`);
    }
  }
  for (const [name, parameter] of Object.entries(params)) {
    if (!Object.hasOwn(gradients, name)) {
      throw new TypeError(`Cannot update: there is no gradient for ${name}, expected one for each parameter`);
    }
    const gradient = gradients[name]!;
    if (gradient.isDisposed) throw new TypeError(`Cannot update: the gradient for ${name} was disposed`);
    if (parameter.isDisposed) throw new TypeError(`Cannot update: the parameter ${name} was disposed`);
    if (gradient.shape.join() !== parameter.shape.join()) {
      throw new RangeError(
        `Cannot update: the gradient for ${name} has shape [${gradient.shape}], expected [${parameter.shape}]`,
      );
    }
  }
}

/** The learning rate after a number of updates. */
export function rateAt(learningRate: number | Schedule, step: number): number {
  const rate = typeof learningRate === "number" ? learningRate : learningRate(step);
  return atLeastZero("learningRate", rate);
}

/** Checks an option that must be a finite number of at least 0. */
export function atLeastZero(name: string, value: number): number {
  if (Number.isFinite(value) && value >= 0) return value;
  throw new RangeError(`Cannot optimize: ${name} is ${value}, expected a finite number of at least 0`);
}

/** Checks an option that must be a finite number above 0. */
export function aboveZero(name: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw new RangeError(`Cannot optimize: ${name} is ${value}, expected a finite number above 0`);
}

/** Checks an option that must lie in [0, 1). */
export function belowOne(name: string, value: number): number {
  if (value >= 0 && value < 1) return value;
  throw new RangeError(`Cannot optimize: ${name} is ${value}, expected a number in [0, 1)`);
}
