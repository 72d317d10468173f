/**
 * Affine maps of what is cheap to compute again.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { addInto } from "../_fused.ts";
import { remember } from "../_remembered.ts";
import type { Tensor, Tensor2D } from "../types.ts";
import type { Stage } from "./_stage.ts";
import { checkAffine } from "./affine.ts";
import { withGradient } from "./custom_gradient.ts";
import { geluStage } from "./gelu.ts";
import { checkNorm, normStage } from "./layer_norm.ts";
import { reluStage } from "./relu.ts";
import { sumOverRows } from "./_sum_rows.ts";

/** A map to rows of this part of the width, or less, is dear for its size. */
const DEAR = 2;

/**
 * An affine map of normalised rows: {@linkcode layerNorm}, then {@linkcode affine}.
 *
 * The tape holds x and the parameters; the normalised rows, which the kernel's gradient needs, are computed again.
 *
 * @param x Rows, `[rows, width]`.
 * @param norm The norm's scale and shift, `[width]`, and its epsilon, 1e-5 if left out.
 * @param kernel The matrix, `[width, outputs]`.
 * @param bias The bias, `[outputs]`.
 * @returns `[rows, outputs]`.
 * @throws {RangeError} If the shapes do not fit together.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { normAffine, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const norm = { scale: tf.ones([2]), shift: tf.zeros([2]) };
 * const mapped = normAffine(tf.tensor2d([[1, 3]]), norm, tf.tensor2d([[0], [2]]), tf.tensor1d([5]));
 * assertAlmostEquals(mapped.dataSync()[0]!, 7, 1e-4);
 * ```
 */
export function normAffine(
  x: Tensor,
  norm: { readonly scale: Tensor; readonly shift: Tensor; readonly epsilon?: number },
  kernel: Tensor,
  bias: Tensor,
): Tensor2D {
  const { scale, shift, epsilon = 1e-5 } = norm;
  checkNorm(x, { scale, shift });
  return staged((scale, shift) => normStage(scale!, shift!, epsilon), x, [scale, shift], kernel, bias);
}

/**
 * An affine map of {@linkcode gelu}(x). The tape holds x and the kernel; the activation is computed again.
 *
 * @param x Rows, `[rows, width]`.
 * @param kernel The matrix, `[width, outputs]`.
 * @param bias The bias, `[outputs]`.
 * @returns `[rows, outputs]`.
 * @throws {RangeError} If the shapes do not fit together.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { geluAffine, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const mapped = geluAffine(tf.tensor2d([[1, 0]]), tf.ones([2, 1]), tf.tensor1d([1]));
 * assertAlmostEquals(mapped.dataSync()[0]!, 1.841345, 1e-5);
 * ```
 */
export function geluAffine(x: Tensor, kernel: Tensor, bias: Tensor): Tensor2D {
  return staged(() => geluStage, x, [], kernel, bias);
}

/**
 * An affine map of {@linkcode relu}(x). The tape holds x and the kernel; the activation is computed again.
 *
 * @param x Rows, `[rows, width]`.
 * @param kernel The matrix, `[width, outputs]`.
 * @param bias The bias, `[outputs]`.
 * @returns `[rows, outputs]`.
 * @throws {RangeError} If the shapes do not fit together.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { reluAffine, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * assertEquals(reluAffine(tf.tensor2d([[2, -3]]), tf.ones([2, 1]), tf.tensor1d([1])).arraySync(), [[3]]);
 * ```
 */
export function reluAffine(x: Tensor, kernel: Tensor, bias: Tensor): Tensor2D {
  return staged(() => reluStage, x, [], kernel, bias);
}

function staged(
  make: (...own: Tensor[]) => Stage,
  x: Tensor,
  own: readonly Tensor[],
  kernel: Tensor,
  bias: Tensor,
): Tensor2D {
  checkAffine(x, kernel, bias);
  return withGradient([x, ...own, kernel, bias], (save) => {
    save(() => [x, kernel, ...own]);
    const compute = () => {
      const image = make(...own).apply(x);
      const product = tf.matMul(image as Tensor2D, kernel as Tensor2D);
      image.dispose();
      return addInto(product, bias);
    };
    return {
      value: isDear(kernel) ? remember(compute) : compute(),
      pullBack(dy, [x, kernel, ...own]) {
        const dimage = tf.matMul(dy as Tensor2D, kernel as Tensor2D, false, true);
        const { image, dx, own: ofOwn } = make(...own).pullBack(x!, dimage, { image: true });
        dimage.dispose();
        return [dx, ...ofOwn, tf.matMul(image as Tensor2D, dy as Tensor2D, true), sumOverRows(dy)];
      },
    };
  }) as Tensor2D;
}

function isDear({ shape }: Tensor): boolean {
  return shape[0]! >= DEAR * shape[1]!;
}
