/**
 * A temperature that is learnt.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { withGradient } from "../core/ops/custom_gradient.ts";
import type { Params, Scalar, Variable } from "../core/types.ts";
import { checkTemperature } from "./_checks.ts";

/** Options of {@linkcode learnableTemperature}. */
export interface TemperatureOptions {
  /** The temperature to start from. 0.07 if left out. */
  readonly initial?: number;
  /** The largest factor 1/τ that similarities are multiplied by. 100 if left out, a temperature of 0.01. */
  readonly maxScale?: number;
}

/** A temperature with a variable of its own; a loss that is given it trains it along. */
export interface Temperature {
  /** The variable `logScale`, log(1/τ), which the loss publishes as its parameter. */
  readonly params: Params & { readonly logScale: Variable };
  /** The factor 1/τ as the tape sees it; the caller disposes it. */
  scale(): Scalar;
  /** Reads the temperature, to log it. */
  read(): Promise<number>;
  /** Disposes the variable. */
  dispose(): void;
}

/**
 * Makes a temperature that is learnt on a logarithmic scale.
 *
 * 1/τ = min(exp(logScale), maxScale). At the bound, a gradient that would raise the scale further is set to 0 and one
 * that would lower it passes, so that the temperature neither runs away nor gets stuck.
 *
 * Radford et al., "Learning transferable visual models from natural language supervision", 2021.
 *
 * @throws {RangeError} If `initial` or `maxScale` is not a finite number above 0, or 1/initial exceeds `maxScale`.
 *
 * @example
 * ```ts
 * import { infoNCE, learnableTemperature } from "@gradfold/gradfold/losses";
 * import { useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const temperature = learnableTemperature({ initial: 0.05 });
 * const loss = infoNCE({ temperature });
 * assertAlmostEquals(loss.params!.logScale!.dataSync()[0]!, Math.log(20), 1e-6);
 * ```
 */
export function learnableTemperature(options: TemperatureOptions = {}): Temperature {
  const { initial = 0.07, maxScale = 100 } = options;
  checkTemperature("initial", initial);
  checkTemperature("maxScale", maxScale);
  // A margin for rounding, so that 0.01 and 100 go together.
  if (1 / initial > maxScale * (1 + 1e-9)) {
    throw new RangeError(
      `Cannot make a temperature: initial is ${initial}, expected at least 1 / maxScale, which is ${1 / maxScale}`,
    );
  }
  const logScale = tf.tidy(() => tf.variable(tf.scalar(-Math.log(initial))));
  const bound = Math.log(maxScale);
  return {
    params: { logScale },
    scale: () => boundedExp(logScale, bound),
    read: async () => {
      const scale = tf.tidy(() => tf.exp(tf.minimum(logScale, bound)));
      const [value] = await scale.data();
      scale.dispose();
      return 1 / value!;
    },
    dispose: () => logScale.dispose(),
  };
}

/** exp(min(x, bound)), with a gradient at the bound that only leads away from it. */
function boundedExp(x: Variable, bound: number): Scalar {
  return withGradient([x], (save) => {
    const value = tf.exp(tf.minimum(x, bound));
    save(() => [x, value]);
    return {
      value,
      pullBack: (cotangent, [at, scale]) => {
        const slope = tf.mul(cotangent, scale!);
        // Descent raises x where the slope is negative.
        return [tf.where(tf.less(at!, bound), slope, tf.relu(slope))];
      },
    };
  }) as Scalar;
}
