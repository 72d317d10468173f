/**
 * The last representations, with their labels and ids.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { untaped } from "../../core/_autodiff.ts";
import { canReadSync } from "../../core/backend.ts";
import type { Pairs, RowWindow } from "../../core/pairs/types.ts";
import type { Tensor1D, Tensor2D } from "../../core/types.ts";
import { type Entries, UNLABELLED } from "./_combine.ts";
import { rowQueue } from "./_row_queue.ts";

/** What a ring holds, and where it writes. */
export interface RingState {
  /** How many representations it can hold. */
  readonly size: number;
  /** The width of a representation. */
  readonly dim: number;
  /** The representations, the oldest first, row after row. */
  readonly representations: Float32Array;
  /** Their labels. */
  readonly labels: Int32Array;
  /** Their ids. */
  readonly ids: Int32Array;
  /** The slot that is written next. */
  readonly next: number;
  /** Whether every slot was written. */
  readonly full: boolean;
}

/** Keeps the last `size` representations. */
export interface Ring {
  readonly length: number;
  readonly next: number;
  /** The newest entries, at most so many, which hold until it is written again; undefined if there are none. */
  newest(count: number): (Entries & { readonly representations: RowWindow }) | undefined;
  /** Checks that references can be written. */
  check(references: Tensor2D): void;
  /** Writes the references of pairs, the oldest give way. */
  write(pairs: Pairs): void;
  save(): Promise<RingState>;
  restore(state: RingState): void;
  reset(): void;
}

/** Makes an empty ring. */
export function ring(size: number): Ring {
  // The oldest first: the slots of a ring are a matter of counting.
  const rows = rowQueue(size);
  let held: { readonly labels: Tensor1D; readonly ids: Tensor1D } | undefined;
  let next = 0;
  const replace = (entries: typeof held) => {
    if (held) tf.dispose({ ...held });
    held = entries;
  };

  const last = (of: Tensor1D, count: number) => untaped(() => tf.slice(of, [of.size - count], [count]));
  const newest: Ring["newest"] = (count) => {
    const entries = Math.min(count, rows.length);
    if (!held || entries <= 0) return undefined;
    return { representations: rows.window(entries), labels: last(held.labels, entries), ids: last(held.ids, entries) };
  };
  return {
    get length() {
      return rows.length;
    },
    get next() {
      return next;
    },
    newest,
    check({ shape: [count, dim] }) {
      if (count > size) {
        throw new RangeError(`Cannot write to the memory: the batch has ${count} references, but its size is ${size}`);
      }
      const width = rows.dim ?? dim;
      if (dim !== width) {
        throw new RangeError(`Cannot write to the memory: references are ${dim} wide, expected ${width} as before`);
      }
    },
    write({ references, labels, ids }) {
      const [count] = references.shape;
      const none = () => tf.fill([count], UNLABELLED, "int32") as Tensor1D;
      const kept = Math.min(rows.length, size - count);
      const join = (earlier: Tensor1D | undefined, more: Tensor1D): Tensor1D =>
        tf.keep(untaped(() => earlier && kept > 0 ? tf.concat([last(earlier, kept), more]) : tf.clone(more)));
      const entries = tf.tidy(() => ({
        labels: join(held?.labels, labels?.references ?? none()),
        ids: join(held?.ids, ids?.references ?? none()),
      }));
      rows.write(references);
      replace(entries);
      next = (next + count) % size;
    },
    async save() {
      // Read before anything is awaited: the ring may be written meanwhile.
      const place = { size, dim: rows.dim ?? 0, next, full: rows.length === size };
      const newestOf = newest(size);
      if (!newestOf) {
        return { ...place, representations: new Float32Array(), labels: new Int32Array(), ids: new Int32Array() };
      }
      const entries = { ...newestOf, representations: rows.newest(rows.length) };
      try {
        // Engines may hand out their own memory, which may be written to.
        const own = async <T extends Float32Array | Int32Array>(tensor: tf.Tensor): Promise<T> =>
          (canReadSync() ? tensor.dataSync() : await tensor.data()).slice() as T;
        const [representations, labels, ids] = await Promise.all([
          own<Float32Array>(entries.representations),
          own<Int32Array>(entries.labels),
          own<Int32Array>(entries.ids),
        ]);
        return { ...place, representations, labels, ids };
      } finally {
        tf.dispose({ ...entries });
      }
    },
    restore(state) {
      checkState(state, size);
      const count = state.labels.length;
      const representations = count === 0 ? undefined : tf.tensor2d(state.representations.slice(), [count, state.dim]);
      rows.replace(representations);
      representations?.dispose();
      replace(
        count === 0 ? undefined : {
          labels: tf.keep(tf.tensor1d(state.labels.slice(), "int32")),
          ids: tf.keep(tf.tensor1d(state.ids.slice(), "int32")),
        },
      );
      next = state.next;
    },
    reset() {
      rows.replace(undefined);
      replace(undefined);
      next = 0;
    },
  };
}

function checkState({ size: given, dim, representations, labels, ids, next, full }: RingState, size: number): void {
  const rows = labels.length;
  const fault = given !== size
    ? `its size is ${given}, expected ${size}`
    : rows > size || full !== (rows === size)
    ? `it holds ${rows} entries of ${size} and full is ${full}`
    : ids.length !== rows || representations.length !== rows * dim
    ? `it has ${rows} labels, ${ids.length} ids and ${representations.length} numbers, expected ${rows} x ${dim}`
    : !Number.isInteger(next) || next < 0 || next >= size || (!full && next !== rows)
    ? `next is ${next}, which does not follow from ${rows} entries`
    : undefined;
  if (fault) throw new RangeError(`Cannot restore the memory: ${fault}`);
}
