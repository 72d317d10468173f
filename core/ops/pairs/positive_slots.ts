/**
 * The positives of each anchor, one at a time.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { canReadSync } from "../../backend.ts";
import type { Tensor1D, Tensor2D } from "../../types.ts";

/** One positive of each anchor that has as many. */
export interface PositiveSlot {
  /** The column of the positive, 0 for a row that has no further one, int32 `[rows]`. */
  readonly index: Tensor1D;
  /** Whether the row has a further one, bool `[rows, 1]`. */
  readonly valid: Tensor2D;
}

/**
 * Visits the first positive of every row, then the second of every row, and so on.
 *
 * There are as many visits as the row with the most positives has. An engine that cannot be read from synchronously does
 * not know that number: there is one visit for each column, the later ones without a positive. A slot is disposed
 * after its visit; what the visitor makes is the visitor's.
 *
 * @param positive bool `[rows, columns]`
 * @param visit Sees the k-th positive of all rows.
 *
 * @example
 * ```ts
 * import { eachPositive, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const found: unknown[] = [];
 * eachPositive(
 *   tf.tensor2d([[0, 1, 1], [1, 0, 0]], [2, 3], "bool"),
 *   ({ index, valid }) => found.push([index.arraySync(), valid.arraySync()]),
 * );
 * assertEquals(found, [[[1, 0], [[1], [1]]], [[2, 0], [[1], [0]]]]);
 * ```
 */
export function eachPositive(positive: Tensor2D, visit: (slot: PositiveSlot) => void): void {
  for (const slot of canReadSync() ? slotsRead(positive) : slotsUnread(positive)) {
    try {
      visit(slot);
    } finally {
      tf.dispose([slot.index, slot.valid]);
    }
  }
}

/** The slots, of which each is made when it is asked for. */
function* slotsRead(positive: Tensor2D): Generator<PositiveSlot> {
  const [rows, columns] = positive.shape;
  const mask = positive.dataSync();
  const slots: { index: Int32Array; valid: Uint8Array }[] = [];
  for (let row = 0; row < rows; row++) {
    const entries = mask.subarray(row * columns, (row + 1) * columns);
    for (let k = 0, column = entries.indexOf(1); column >= 0; k++, column = entries.indexOf(1, column + 1)) {
      const { index, valid } = slots[k] ??= { index: new Int32Array(rows), valid: new Uint8Array(rows) };
      index[row] = column;
      valid[row] = 1;
    }
  }
  for (const { index, valid } of slots) {
    yield { index: tf.tensor1d(index, "int32"), valid: tf.tensor2d(valid, [rows, 1], "bool") };
  }
}

/** The same, and further slots without a positive, without reading. */
export function* slotsUnread(positive: Tensor2D): Generator<PositiveSlot> {
  const [rows, columns] = positive.shape;
  const { values, indices } = tf.tidy(() => tf.topk(tf.cast(positive, "float32"), columns));
  try {
    for (let k = 0; k < columns; k++) {
      yield tf.tidy(() => {
        const valid = tf.cast(tf.slice(values, [0, k], [rows, 1]), "bool") as Tensor2D;
        const index = tf.mul(tf.slice(indices, [0, k], [rows, 1]), tf.cast(valid, "int32"));
        return { index: tf.reshape(index, [rows]) as Tensor1D, valid };
      });
    }
  } finally {
    tf.dispose([values, indices]);
  }
}
