/**
 * Several sums as the one value of an op.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Scalar, Tensor, Tensor1D } from "../../types.ts";

/** Scalars side by side. */
export function pack(scalars: readonly Scalar[]): Tensor1D {
  return tf.stack([...scalars]) as Tensor1D;
}

/** One of them. */
export function unpack(packed: Tensor, i: number): Scalar {
  return tf.reshape(tf.slice(packed, [i], [1]), []) as Scalar;
}
