/**
 * A memory with one entry for each example.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { untaped } from "../../core/_autodiff.ts";
import { canReadSync } from "../../core/backend.ts";
import type { Memory } from "../../core/memory.ts";
import { NO_ID, type Pairs } from "../../core/pairs/types.ts";
import type { Tensor1D, Tensor2D } from "../../core/types.ts";
import { checkConvention, combine, type Convention, type Entries, UNLABELLED } from "./_combine.ts";

/** Options of {@linkcode memoryBank}. */
export interface MemoryBankOptions {
  /** How many examples there are; their ids are 0 to `examples` - 1. */
  readonly examples: number;
  /** The width of a representation. */
  readonly dim: number;
  /** How much of an entry stays when its example comes again; the rest is the new representation. 0.5 if left out. */
  readonly momentum?: number;
  /** How memory and batch make one loss; see {@linkcode Convention}. `sum` if left out. */
  readonly convention?: Convention;
  /** The weight of the memory's loss under the convention `sum`. 1 if left out. */
  readonly weight?: number;
}

/** A memory bank's whole state. */
export interface MemoryBankState {
  /** The entries, row after row, `examples` × `dim` numbers. */
  readonly representations: Float32Array;
  /** Their labels. */
  readonly labels: Int32Array;
  /** For each example whether it has been seen. */
  readonly seen: Uint8Array;
}

/** Moving averages of the representations of all examples. */
export interface MemoryBank extends Memory {
  /** How many examples there are. */
  readonly size: number;
  /** How many examples have an entry. */
  readonly length: number;
  /** Reads the whole state. */
  save(): Promise<MemoryBankState>;
  /** Takes up a saved state in place of its own. */
  restore(state: MemoryBankState): void;
  /** Forgets everything. */
  reset(): void;
}

/**
 * Makes a memory of one entry for each example, a moving average of its representations at length 1:
 *
 * entry ← normalize( m entry + (1 - m) r / ‖r‖ ); the first time it is r / ‖r‖.
 *
 * Every evaluation of a loss in training compares with the entries of all examples seen so far but those of the batch,
 * then writes the batch's, view after view. The step must be given `{ ids, labels }` or `{ ids }` as targets. References
 * without an id of their own, hard negatives, are not stored. The entries stay on the host.
 *
 * Wu et al., "Unsupervised feature learning via non-parametric instance discrimination", 2018.
 *
 * @throws {RangeError} If a number of the options is out of its range. The loss throws one for ids that are not of the
 * examples, and a TypeError if there are none.
 *
 * @example
 * ```ts
 * import { contrastive } from "@gradfold/gradfold/losses";
 * import { memoryBank } from "@gradfold/gradfold/samplers";
 * import { key, tiled, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const memory = memoryBank({ examples: 10, dim: 2 });
 * const loss = tiled(contrastive(), { memory });
 * const targets = { ids: tf.tensor1d([7, 2], "int32"), labels: tf.tensor1d([0, 1], "int32") };
 * loss([tf.tensor2d([[1, 0], [2, 1]])], { training: true, key: key(0), targets });
 * assertEquals(memory.length, 2);
 * ```
 */
export function memoryBank(options: MemoryBankOptions): MemoryBank {
  const { examples, dim, momentum = 0.5, convention = "sum", weight = 1 } = options;
  check({ examples, dim, momentum });
  checkConvention(convention, weight);
  const empty = (): MemoryBankState => ({
    representations: new Float32Array(examples * dim),
    labels: new Int32Array(examples).fill(UNLABELLED),
    seen: new Uint8Array(examples),
  });
  let bank = empty();

  const entriesWithout = (ids: ReadonlySet<number>): Entries | undefined => {
    const rows = [...bank.seen.keys()].filter((row) => bank.seen[row] && !ids.has(row));
    if (rows.length === 0) return undefined;
    const values = new Float32Array(rows.length * dim);
    rows.forEach((row, i) => values.set(bank.representations.subarray(row * dim, (row + 1) * dim), i * dim));
    return {
      representations: tf.tensor2d(values, [rows.length, dim]),
      labels: tf.tensor1d(Int32Array.from(rows, (row) => bank.labels[row]!), "int32"),
      ids: tf.tensor1d(Int32Array.from(rows), "int32"),
    };
  };
  const write = (ids: Int32Array, rows: Float32Array, labels: Int32Array | undefined) => {
    ids.forEach((id, i) => {
      const old = bank.representations.subarray(id * dim, (id + 1) * dim);
      const keep = bank.seen[id] ? momentum : 0;
      const mixed = unit(rows.subarray(i * dim, (i + 1) * dim)).map((x, j) => keep * old[j]! + (1 - keep) * x);
      bank.representations.set(unit(mixed), id * dim);
      bank.labels[id] = labels?.[i] ?? UNLABELLED;
      bank.seen[id] = 1;
    });
  };
  return {
    size: examples,
    get length() {
      return bank.seen.reduce((sum, seen) => sum + seen, 0);
    },
    attach: (pairs, { training }) => {
      if (!training) return { terms: [{ pairs, weight: 1 }] };
      const { ids, representations, labels } = untapedRows(pairs, examples, dim);
      return {
        terms: combine(pairs, entriesWithout(new Set(ids)), { convention, weight }),
        enqueue: () => write(ids, representations, labels),
      };
    },
    save: () => Promise.resolve(copy(bank)),
    restore: (state) => {
      for (
        const [name, length] of [["representations", examples * dim], ["labels", examples], ["seen", examples]] as const
      ) {
        if (state[name].length !== length) {
          throw new RangeError(
            `Cannot restore the memory: ${name} has ${state[name].length} numbers, expected ${length}`,
          );
        }
      }
      bank = copy(state);
    },
    reset: () => {
      bank = empty();
    },
  };
}

/** The rows of a batch that have an id, as numbers. */
function untapedRows(
  { references, ids, labels }: Pairs,
  examples: number,
  dim: number,
): { ids: Int32Array; representations: Float32Array; labels: Int32Array | undefined } {
  if (!ids || !canReadSync()) {
    const why = ids ? "the engine cannot be read at once" : "the step was given no ids";
    throw new TypeError(`Cannot use the memory bank: ${why}; expected targets { ids }, int32 [examples]`);
  }
  if (references.shape[1] !== dim) {
    throw new RangeError(`Cannot use the memory bank: rows are ${references.shape[1]} wide, expected ${dim}`);
  }
  const all = read(ids.references);
  const known = [...all.keys()].filter((row) => all[row]! !== NO_ID);
  for (const row of known) {
    const id = all[row]!;
    if (id < 0 || id >= examples) {
      throw new RangeError(`Cannot use the memory bank: ids[${row}] is ${id}, expected one of 0 to ${examples - 1}`);
    }
  }
  const rows = read(references);
  const representations = new Float32Array(known.length * dim);
  known.forEach((row, i) => representations.set(rows.subarray(row * dim, (row + 1) * dim), i * dim));
  const given = labels && read(labels.references);
  return {
    ids: Int32Array.from(known, (row) => all[row]!),
    representations,
    labels: given && Int32Array.from(known, (row) => given[row]!),
  };
}

function read<T extends Tensor1D | Tensor2D>(x: T): T extends Tensor2D ? Float32Array : Int32Array {
  const copy = untaped(() => tf.clone(x));
  try {
    return copy.dataSync() as T extends Tensor2D ? Float32Array : Int32Array;
  } finally {
    copy.dispose();
  }
}

function unit(row: Float32Array): Float32Array {
  const length = Math.hypot(...row);
  return length < 1e-12 ? row.map(() => 0) : row.map((x) => x / length);
}

function copy({ representations, labels, seen }: MemoryBankState): MemoryBankState {
  return { representations: representations.slice(), labels: labels.slice(), seen: seen.slice() };
}

function check({ examples, dim, momentum }: { examples: number; dim: number; momentum: number }): void {
  for (const [name, value] of Object.entries({ examples, dim })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`Cannot make a memory bank: ${name} is ${value}, expected an integer of at least 1`);
    }
  }
  if (!(momentum >= 0 && momentum < 1)) {
    throw new RangeError(`Cannot make a memory bank: momentum is ${momentum}, expected at least 0 and less than 1`);
  }
}
