/**
 * The two moments of Adam and its kin.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { fused, hasFused } from "../_fused.ts";
import type { Params, Tensor, Variable } from "../types.ts";
import { aboveZero, belowOne } from "./_checks.ts";

/** Moments folded with one more gradient. */
export interface Moments {
  /** A tensor D such that `scale` · D is the direction m̂ / (√v̂ + ε). */
  readonly direction: Tensor;
  /** See `direction`. */
  readonly scale: number;
}

/** Folds gradients into moments. */
export interface MomentFold {
  /** Gives the slots their next values, and the direction that they say. */
  fold(gradient: Tensor, slots: Params, count: number): Moments;
  /**
   * Does that and moves the parameter, θ ← κθ - η · direction, in one kernel.
   *
   * @returns False if the engine has no such kernel; nothing has changed then.
   */
  step(
    parameter: Variable,
    gradient: Tensor,
    slots: Params,
    by: { count: number; rate: number; kept: number },
  ): boolean;
}

/** Names of the slots. */
export const momentSlots = ["firstMoment", "secondMoment"] as const;

/**
 * Makes what folds gradients into the moments.
 *
 * The slots hold the decayed sums M = Σ β₁ᵗ⁻ˢ gₛ and V = Σ β₂ᵗ⁻ˢ gₛ², which take two kernels and three. The averages
 * are m = (1 - β₁) M and v = (1 - β₂) V, and these factors and the bias corrections are numbers: with a = (1 - β₁) / (1
 * - β₁ᵗ) and b = (1 - β₂) / (1 - β₂ᵗ)
 *
 * m̂ / (√v̂ + ε) = a / √b · M / (√V + ε / √b).
 */
export function moments(beta1: number, beta2: number, epsilon: number): MomentFold {
  belowOne("beta1", beta1);
  belowOne("beta2", beta2);
  aboveZero("epsilon", epsilon);
  const factors = (count: number) => {
    const rootB = Math.sqrt((1 - beta2) / (1 - beta2 ** count));
    return { scale: (1 - beta1) / (1 - beta1 ** count) / rootB, floor: epsilon / rootB };
  };
  return {
    fold(gradient, { firstMoment, secondMoment }, count) {
      const [first, second] = [firstMoment!, secondMoment!];
      const { scale, floor } = factors(count);
      if (hasFused("Moments") && gradient.dtype === "float32") {
        return tf.tidy(() => {
          const numbers = tf.tensor1d([beta1, beta2, floor]);
          const [nextFirst, nextSecond, direction] = fused("Moments", [gradient, first, second, numbers])!;
          first.assign(nextFirst!);
          second.assign(nextSecond!);
          return { direction: direction!, scale };
        });
      }
      // A tidy for each statement, so that temporaries of the size of the parameter do not pile up.
      tf.tidy(() => first.assign(tf.add(tf.mul(first, beta1), gradient)));
      tf.tidy(() => second.assign(tf.add(tf.mul(second, beta2), tf.square(gradient))));
      return { direction: tf.tidy(() => tf.div(first, tf.add(tf.sqrt(second), floor))), scale };
    },
    step(parameter, gradient, { firstMoment, secondMoment }, { count, rate, kept }) {
      if (!hasFused("AdamStep") || gradient.dtype !== "float32" || parameter.dtype !== "float32") return false;
      const { scale, floor } = factors(count);
      tf.tidy(() => {
        const numbers = tf.tensor1d([beta1, beta2, floor, rate * scale, kept]);
        const next = fused("AdamStep", [gradient, firstMoment!, secondMoment!, parameter, numbers])!;
        [firstMoment!, secondMoment!, parameter].forEach((variable, i) => variable.assign(next[i]!));
      });
      return true;
    },
  };
}
