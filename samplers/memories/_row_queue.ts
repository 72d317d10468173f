/**
 * Rows of which the newest are kept.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { untaped } from "../../core/_autodiff.ts";
import { fused, hasFused } from "../../core/_fused.ts";
import type { RowWindow } from "../../core/pairs/types.ts";
import type { Tensor2D } from "../../core/types.ts";

/** The newest rows of all that were written, at most a certain number. */
export interface RowQueue {
  /** How many rows there are. */
  readonly length: number;
  /** Their width, undefined if none was written. */
  readonly dim: number | undefined;
  /** The newest rows, the oldest of them first; they hold until rows are written again. */
  newest(count: number): Tensor2D;
  /** The same as a part of the table that they are in, without a copy. */
  window(count: number): RowWindow;
  /** Writes rows; the oldest give way. */
  write(rows: Tensor2D): void;
  /** Takes up rows in place of its own. */
  replace(rows: Tensor2D | undefined): void;
}

/** Room behind a full queue, as a share of its size: its rows move to the front once that is used up. */
const SPARE = 1 / 16;

/** Makes an empty queue of at most `size` rows. */
export function rowQueue(size: number): RowQueue {
  // Where an engine can write to a tensor, rows follow one another in a table with room for more, so that the newest are a
  // part of it as it stands, and few are ever moved. Elsewhere the table is made anew.
  let table: Tensor2D | undefined;
  let [first, end] = [0, 0];

  const slice = (from: number, rows: number) => tf.slice(table!, [from, 0], [rows, -1]);
  const copy = (to: number, from: number, count: number, rows: Tensor2D) => {
    const place = tf.tensor1d([to, from, count], "int32");
    // A tape would keep the table.
    untaped(() => {
      fused("WriteRows", [table!, place, rows]);
      return tf.clone(place);
    });
  };
  const renew = (make: () => Tensor2D) => {
    const next = tf.keep(untaped(make));
    table?.dispose();
    table = next;
  };
  const isWritten = ({ dtype }: Tensor2D) => dtype === "float32" && hasFused("WriteRows");
  /** Rows in a table with room behind them. */
  const withRoom = (rows: Tensor2D | undefined, least: number, dim: number) => {
    const room = size + Math.max(Math.ceil(size * SPARE), least) - (rows?.shape[0] ?? 0);
    return tf.concat([...rows ? [rows] : [], tf.zeros<tf.Rank.R2>([room, dim])], 0);
  };
  /** Moves the last `kept` rows to the front of a table that has room for some more. */
  const makeRoom = (kept: number, more: number, dim: number) => {
    if (table && kept + more <= table.shape[0]) copy(0, end - kept, kept, table);
    else renew(() => withRoom(kept > 0 ? slice(end - kept, kept) : undefined, more, dim));
    end = kept;
  };

  return {
    get length() {
      return end - first;
    },
    get dim() {
      return table?.shape[1];
    },
    // A tape would keep the whole table until the gradient is known.
    newest: (count) => untaped(() => slice(end - count, count)),
    window: (count) => ({ table: table!, first: end - count, count }),
    write: (rows) =>
      tf.tidy(() => {
        const [count, dim] = rows.shape;
        const kept = Math.min(end - first, size - count);
        if (isWritten(rows)) {
          if (!table || end + count > table.shape[0]) makeRoom(kept, count, dim);
          copy(end, 0, count, rows);
          end += count;
        } else {
          renew(() => kept > 0 ? tf.concat([slice(end - kept, kept), rows], 0) : tf.clone(rows));
          end = kept + count;
        }
        first = end - kept - count;
      }),
    replace(rows) {
      table?.dispose();
      table = rows && tf.keep(tf.tidy(() => isWritten(rows) ? withRoom(rows, 0, rows.shape[1]) : tf.clone(rows)));
      [first, end] = [0, rows?.shape[0] ?? 0];
    },
  };
}
