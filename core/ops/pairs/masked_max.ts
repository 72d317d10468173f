/**
 * The largest and the least of some entries of each row.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { untaped } from "../../_autodiff.ts";
import type { Tensor, Tensor2D } from "../../types.ts";
import { entries } from "./entries.ts";
import { fill } from "./masked_log_sum_exp.ts";
import { anyInRow } from "./masked_sum.ts";

/** Stands for what lies beyond all numbers: finite, so that differences of it are numbers too. */
export const FAR = 1e30;

/**
 * For each row the largest of the entries where a mask holds.
 *
 * A row without such an entry gives -1e30, whose exponential and positive part are 0, and gets no gradient. Else the
 * gradient goes to the largest entry, the first of several equal ones. The tape holds a few numbers for each row.
 *
 * @param x `[rows, columns]`, finite
 * @param mask bool `[rows, columns]`
 * @returns `[rows, 1]`
 *
 * @example
 * ```ts
 * import { maskedMax, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const value = maskedMax(tf.tensor2d([[1, 4, 9]]), tf.tensor2d([[1, 1, 0]], [1, 3], "bool"));
 * assertEquals(value.arraySync(), [[4]]);
 * ```
 */
export function maskedMax(x: Tensor2D, mask: Tensor2D): Tensor2D {
  return extreme(x, mask, -FAR, () => tf.argMax(fill(x, mask, -FAR), 1));
}

/**
 * For each row the least of the entries where a mask holds.
 *
 * A row without such an entry gives 1e30 and gets no gradient. Else the gradient goes to the least entry, the first of
 * several equal ones. The tape holds a few numbers for each row.
 *
 * @param x `[rows, columns]`, finite
 * @param mask bool `[rows, columns]`
 * @returns `[rows, 1]`
 *
 * @example
 * ```ts
 * import { maskedMin, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const value = maskedMin(tf.tensor2d([[1, 4, 9]]), tf.tensor2d([[0, 1, 1]], [1, 3], "bool"));
 * assertEquals(value.arraySync(), [[4]]);
 * ```
 */
export function maskedMin(x: Tensor2D, mask: Tensor2D): Tensor2D {
  return extreme(x, mask, FAR, () => tf.argMin(fill(x, mask, FAR), 1));
}

function extreme(x: Tensor2D, mask: Tensor2D, none: number, find: () => Tensor): Tensor2D {
  const some = untaped(() => anyInRow(mask));
  const column = untaped(() => tf.reshape(find(), some.shape)) as Tensor2D;
  return tf.add(tf.mul(entries(x, column), some), untaped(() => tf.mul(tf.sub(1, some), none)));
}
