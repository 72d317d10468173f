/**
 * Rows of unit length.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { fused } from "../_fused.ts";
import type { Tensor2D } from "../types.ts";
import { withGradient } from "./custom_gradient.ts";

/**
 * Scales each row to Euclidean length 1, so that products of rows are cosines.
 *
 * A row shorter than `epsilon` has no direction: it becomes zeros, and so does its gradient. The tape holds the rows of
 * unit length and one number for each.
 *
 * @param x Rows, `[rows, dim]`.
 * @param epsilon The length below which a row counts as zero. 1e-12 if left out.
 * @returns `[rows, dim]`.
 * @throws {RangeError} If x is no matrix.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { l2Normalize, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * assertEquals(l2Normalize(tf.tensor2d([[0, 4], [0, 0]])).arraySync(), [[0, 1], [0, 0]]);
 * ```
 */
export function l2Normalize(x: Tensor2D, epsilon = 1e-12): Tensor2D {
  if (x.rank !== 2) throw new RangeError(`Cannot scale rows: x has shape [${x.shape}], expected [rows, dim]`);
  return withGradient([x], (save) => {
    const { unit, inverse } = unitRows(x, epsilon);
    save(() => [unit, inverse]);
    return {
      value: unit,
      pullBack: (dy, [unit, inverse]) => [
        pullBackUnit(dy as Tensor2D, { unit: unit as Tensor2D, inverse: inverse as Tensor2D }),
      ],
    };
  }) as Tensor2D;
}

/** Rows at length 1, and by how much each was scaled. */
export interface UnitRows {
  /** `[rows, dim]` */
  readonly unit: Tensor2D;
  /** 1 / length, or 0 for a row without a direction, `[rows, 1]`. */
  readonly inverse: Tensor2D;
}

/** Scales rows to length 1. */
export function unitRows(x: Tensor2D, epsilon = 1e-12): UnitRows {
  const native = fused("UnitRows", [x], { epsilon });
  if (native) return { unit: native[0] as Tensor2D, inverse: native[1] as Tensor2D };
  const length = tf.sqrt(tf.sum(tf.square(x), 1, true));
  // A length that is no number is not below epsilon, and goes on as such.
  const inverse = tf.where(tf.lessEqual(length, epsilon), tf.zerosLike(length), tf.div(1, length));
  return { unit: tf.mul(x, inverse), inverse: inverse as Tensor2D };
}

/** The gradient of rows from that of the rows at length 1. */
export function pullBackUnit(dy: Tensor2D, { unit, inverse }: UnitRows): Tensor2D {
  const native = fused("UnitRowsGrad", [dy, unit, inverse]);
  if (native) return native[0] as Tensor2D;
  const along = tf.sum(tf.mul(dy, unit), 1, true);
  return tf.mul(tf.sub(dy, tf.mul(unit, along)), inverse);
}
