import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../types.ts";

/** What an op computes, and how a cotangent of it is pulled back. */
export interface Differentiable {
  /** The value of the op. */
  readonly value: Tensor;
  /**
   * Turns the value's cotangent and what was saved into one gradient for each input, of its shape. A gradient must be a
   * tensor of its own: an engine may dispose gradients as it adds them up.
   */
  readonly pullBack: (cotangent: Tensor, saved: readonly Tensor[]) => Tensor[];
}

/** Asks for tensors to be kept for the gradient, as copies that share their memory; they are made only if a tape is on. */
export type Save = (make: () => Tensor[]) => void;

/**
 * Runs an op whose gradient is written by hand.
 *
 * The ops inside are not taped. What `save` makes stays in memory until the gradient is known, and nothing else does.
 *
 * @param inputs The tensors that the op differentiates with respect to.
 * @param run Computes the op from the inputs that it closes over.
 */
export function withGradient(inputs: readonly Tensor[], run: (save: Save) => Differentiable): Tensor {
  // Nothing is to be kept or noted where no gradient will be asked for.
  if (!tf.engine().isTapeOn()) return tf.tidy(() => run(() => {}).value);
  return tf.customGrad((...given) => {
    const keep = given.at(-1) as (tensors: Tensor[]) => void;
    const { value, pullBack } = run((make) => keep(make()));
    return { value, gradFunc: (cotangent, saved) => tf.tidy(() => pullBack(cotangent, saved)) };
  })(...inputs);
}

/** The same values in the same memory, as a tensor of its own. */
export function alias(x: Tensor): Tensor {
  return tf.clone(x);
}
