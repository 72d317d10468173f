/**
 * The affine map of rows.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor2D } from "../types.ts";
import { addInto } from "../_fused.ts";
import { alias, withGradient } from "./custom_gradient.ts";
import { sumOverRows } from "./_sum_rows.ts";

/**
 * Maps rows by a matrix and a bias: `x · kernel + bias`.
 *
 * On the tape stand `x` and `kernel`. A gradient with respect to `x` is computed only where something depends on it, so
 * the first layer of an encoder costs two products, not three. Where `x` is the image of a norm or an activation,
 * {@linkcode normAffine}, {@linkcode geluAffine} and {@linkcode reluAffine} keep less.
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
  checkAffine(x, kernel, bias);
  return tf.tidy(() => {
    const mapped = tf.matMul(x as Tensor2D, kernel as Tensor2D) as Tensor2D;
    return bias ? addBias(mapped, bias) : mapped;
  });
}

/** Checks that kernel and bias fit the rows. */
export function checkAffine(x: Tensor, kernel: Tensor, bias?: Tensor): void {
  if (x.rank !== 2 || kernel.rank !== 2 || x.shape[1] !== kernel.shape[0]) {
    throw new RangeError(
      `Cannot map rows: x has shape [${x.shape}] and the kernel [${kernel.shape}], expected [rows, n] and [n, outputs]`,
    );
  }
  if (bias && (bias.rank !== 1 || bias.shape[0] !== kernel.shape[1])) {
    throw new RangeError(`Cannot map rows: the bias has shape [${bias.shape}], expected [${kernel.shape[1]}]`);
  }
}

/** Adds a bias to a product that nothing else holds. */
function addBias(product: Tensor2D, bias: Tensor): Tensor2D {
  return withGradient([product, bias], () => ({
    value: addInto(alias(product), bias),
    pullBack: (dy) => [alias(dy), sumOverRows(dy)],
  })) as Tensor2D;
}
