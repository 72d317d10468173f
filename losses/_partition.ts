/**
 * Partition functions over several matrices.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { maskedLogSumExp } from "../core/ops/pairs/mod.ts";
import type { Block } from "../core/row_loss.ts";
import type { Tensor2D } from "../core/types.ts";
import { type Heat, scaled } from "./_heat.ts";

/** Similarities of some anchors, and which of them take part. */
export interface Part {
  /** `[rows, columns]` */
  readonly similarity: Tensor2D;
  /** bool `[rows, columns]` */
  readonly mask: Tensor2D;
}

/** For each row log Σ exp(s/τ) over what takes part in any of the matrices, `[rows, 1]`. */
export function jointPartition(parts: readonly Part[], temperature: Heat, block: Pick<Block, "shared">): Tensor2D {
  const each = parts.map(({ similarity, mask }) => maskedLogSumExp(scaled(similarity, temperature, block), mask));
  const joined = tf.concat(each, 1) as Tensor2D;
  return maskedLogSumExp(joined, everywhere(joined));
}

/** True where the column has another number than the anchor, bool `[rows, columns]`; anchors count from `first` on. */
export function otherThanSelf(first: number, { shape: [rows, columns] }: Tensor2D): Tensor2D {
  return tf.tidy(() => {
    const anchors = tf.reshape(tf.range(first, first + rows, 1, "int32"), [rows, 1]);
    return tf.notEqual(anchors, tf.reshape(tf.range(0, columns, 1, "int32"), [1, columns])) as Tensor2D;
  });
}

/** True everywhere, bool of a matrix's shape. */
export function everywhere({ shape }: Tensor2D): Tensor2D {
  return tf.ones(shape, "bool");
}
