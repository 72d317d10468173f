/**
 * The two moments of Adam and its kin.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { fused, hasFused } from "../_fused.ts";
import type { Params, Tensor } from "../types.ts";
import { aboveZero, belowOne } from "./_checks.ts";

/** Moments folded with one more gradient. */
export interface Moments {
  /** A tensor D such that `scale` · D is the direction m̂ / (√v̂ + ε). */
  readonly direction: Tensor;
  /** See `direction`. */
  readonly scale: number;
}

/** Names of the slots. */
export const momentSlots = ["firstMoment", "secondMoment"] as const;

/**
 * Makes the function that folds a gradient into the moments.
 *
 * The slots hold the decayed sums M = Σ β₁ᵗ⁻ˢ gₛ and V = Σ β₂ᵗ⁻ˢ gₛ², which take two kernels and three. The averages
 * are m = (1 - β₁) M and v = (1 - β₂) V, and these factors and the bias corrections are numbers: with a = (1 - β₁) / (1
 * - β₁ᵗ) and b = (1 - β₂) / (1 - β₂ᵗ)
 *
 * m̂ / (√v̂ + ε) = a / √b · M / (√V + ε / √b).
 */
export function moments(
  beta1: number,
  beta2: number,
  epsilon: number,
): (gradient: Tensor, slots: Params, count: number) => Moments {
  belowOne("beta1", beta1);
  belowOne("beta2", beta2);
  aboveZero("epsilon", epsilon);
  return (gradient, slots, count) => {
    const first = slots.firstMoment!;
    const second = slots.secondMoment!;
    const a = (1 - beta1) / (1 - beta1 ** count);
    const rootB = Math.sqrt((1 - beta2) / (1 - beta2 ** count));
    const scale = a / rootB;
    if (hasFused("Moments") && gradient.dtype === "float32") {
      return tf.tidy(() => {
        const numbers = tf.tensor1d([beta1, beta2, epsilon / rootB]);
        const [nextFirst, nextSecond, direction] = fused("Moments", [gradient, first, second, numbers])!;
        first.assign(nextFirst!);
        second.assign(nextSecond!);
        return { direction: direction!, scale };
      });
    }
    // A tidy for each statement, so that temporaries of the size of the parameter do not pile up.
    tf.tidy(() => first.assign(tf.add(tf.mul(first, beta1), gradient)));
    tf.tidy(() => second.assign(tf.add(tf.mul(second, beta2), tf.square(gradient))));
    return { direction: tf.tidy(() => tf.div(first, tf.add(tf.sqrt(second), epsilon / rootB))), scale };
  };
}
