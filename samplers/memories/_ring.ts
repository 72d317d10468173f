/**
 * The last representations, with their labels and ids.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { untaped } from "../../core/_autodiff.ts";
import type { Pairs } from "../../core/pairs/types.ts";
import type { Tensor1D, Tensor2D } from "../../core/types.ts";
import { type Entries, UNLABELLED } from "./_combine.ts";

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
  /** The newest entries, at most so many, as new tensors; undefined if there are none. */
  newest(count: number): Entries | undefined;
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
  // The oldest first: writing is joining, and the slots of a ring are a matter of counting.
  let held: Entries | undefined;
  let next = 0;
  const replace = (entries: Entries | undefined) => {
    if (held) tf.dispose({ ...held });
    held = entries;
  };
  const length = () => held?.labels.shape[0] ?? 0;

  const newest = (count: number): Entries | undefined => {
    const rows = Math.min(count, length());
    if (!held || rows <= 0) return undefined;
    const first = length() - rows;
    return {
      representations: tf.slice(held.representations, [first, 0], [rows, -1]),
      labels: tf.slice(held.labels, [first], [rows]),
      ids: tf.slice(held.ids, [first], [rows]),
    };
  };
  return {
    get length() {
      return length();
    },
    get next() {
      return next;
    },
    newest,
    check({ shape: [rows, dim] }) {
      if (rows > size) {
        throw new RangeError(`Cannot write to the memory: the batch has ${rows} references, but its size is ${size}`);
      }
      const width = held?.representations.shape[1] ?? dim;
      if (dim !== width) {
        throw new RangeError(`Cannot write to the memory: references are ${dim} wide, expected ${width} as before`);
      }
    },
    write({ references, labels, ids }) {
      const [rows] = references.shape;
      const none = () => tf.fill([rows], UNLABELLED, "int32") as Tensor1D;
      const join = <T extends tf.Tensor>(rest: T | undefined, last: T): T =>
        tf.keep(untaped(() => rest ? tf.concat([rest, last], 0) as T : tf.clone(last)));
      const entries = tf.tidy(() => {
        const rest = newest(size - rows);
        return {
          representations: join(rest?.representations, references),
          labels: join(rest?.labels, labels?.references ?? none()),
          ids: join(rest?.ids, ids?.references ?? none()),
        };
      });
      replace(entries);
      next = (next + rows) % size;
    },
    async save() {
      // Read before anything is awaited: the ring may be written meanwhile.
      const place = { size, dim: held?.representations.shape[1] ?? 0, next, full: length() === size };
      const [representations, labels, ids] = held
        ? await Promise.all([
          held.representations.data<"float32">(),
          held.labels.data<"int32">(),
          held.ids.data<"int32">(),
        ])
        : [new Float32Array(), new Int32Array(), new Int32Array()];
      // Engines may hand out their own memory.
      const own = { representations: representations.slice(), labels: labels.slice(), ids: ids.slice() };
      return { ...place, ...own };
    },
    restore(state) {
      checkState(state, size);
      const rows = state.labels.length;
      replace(
        rows === 0 ? undefined : {
          representations: tf.keep(tf.tensor2d(state.representations.slice(), [rows, state.dim])),
          labels: tf.keep(tf.tensor1d(state.labels.slice(), "int32")),
          ids: tf.keep(tf.tensor1d(state.ids.slice(), "int32")),
        },
      );
      next = state.next;
    },
    reset() {
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
