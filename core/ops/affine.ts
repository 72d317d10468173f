/**
 * The affine map of rows.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor2D } from "../types.ts";
import { broadcastAdd } from "./broadcast_add.ts";

/**
 * Maps rows by a matrix and a bias: `x · kernel + bias`.
 *
 * On the tape stand `x` and `kernel`. A gradient with respect to `x` is computed only where something depends on it, so
 * the first layer of an encoder costs two products, not three.
 *
 * @param x Rows, `[rows, inputs]`.
 * @param kernel The matrix, `[inputs, outputs]`.
 * @param bias The bias, `[outputs]`, if there is one.
 * @returns `[rows, outputs]`.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { affine, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const kernel = tf.tensor2d([[1, 0, 1], [0, 1, 1]]);
 * assertEquals(affine(tf.tensor2d([[2, 3]]), kernel, tf.tensor1d([10, 20, 30])).arraySync(), [[12, 23, 35]]);
 * ```
 */
export function affine(x: Tensor, kernel: Tensor, bias?: Tensor): Tensor2D {
  if (x.rank !== 2 || kernel.rank !== 2 || x.shape[1] !== kernel.shape[0]) {
    throw new RangeError(
      `Cannot map rows: x has shape [${x.shape}] and the kernel [${kernel.shape}], expected [rows, n] and [n, outputs]`,
    );
  }
  if (bias && (bias.rank !== 1 || bias.shape[0] !== kernel.shape[1])) {
    throw new RangeError(`Cannot map rows: the bias has shape [${bias.shape}], expected [${kernel.shape[1]}]`);
  }
  return tf.tidy(() => {
    const mapped = tf.matMul(x as Tensor2D, kernel as Tensor2D) as Tensor2D;
    return bias ? broadcastAdd(mapped, bias) as Tensor2D : mapped;
  });
}
