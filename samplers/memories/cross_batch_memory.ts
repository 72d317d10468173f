/**
 * A memory of the last batches' representations.
 *
 * @module
 */
import type { Memory } from "../../core/memory.ts";
import { ring, type RingState } from "./_ring.ts";
import { checkConvention, combine, type Convention } from "./_combine.ts";

/** Options of {@linkcode crossBatchMemory}. */
export interface CrossBatchMemoryOptions {
  /** How many representations it holds. */
  readonly size: number;
  /** How memory and batch make one loss; see {@linkcode Convention}. `sum` if left out. */
  readonly convention?: Convention;
  /** The weight of the memory's loss under the convention `sum`. 1 if left out. */
  readonly weight?: number;
  /** Evaluations in training before the memory is written and used, while representations drift fast. 0 if left out. */
  readonly warmUp?: number;
}

/** A memory's whole state: what it holds, where it writes, and how far it is. */
export interface CrossBatchMemoryState extends RingState {
  /** Evaluations in training so far. */
  readonly evaluations: number;
}

/** A ring of representations with their labels and ids. */
export interface CrossBatchMemory extends Memory {
  /** How many representations it can hold. */
  readonly size: number;
  /** How many it holds. */
  readonly length: number;
  /** The slot that is written next. */
  readonly next: number;
  /** Whether every slot was written. */
  readonly full: boolean;
  /** Reads the whole state, as plain numbers and typed arrays. */
  save(): Promise<CrossBatchMemoryState>;
  /** Takes up a saved state in place of its own. */
  restore(state: CrossBatchMemoryState): void;
  /** Forgets everything. */
  reset(): void;
  /** Disposes what it holds. */
  dispose(): void;
}

/**
 * Makes a cross-batch memory: the representations of the last batches are further references for the next ones.
 *
 * Each evaluation of a loss in training writes the batch's references once, detached, whatever the chunks or tiles; the
 * oldest give way. Outside of training it is neither used nor written. What is stored compares by the labels of the step;
 * where pairs belong together by position (`aligned`, `views`) every entry is a negative. If the step is given `ids` of the
 * examples, an entry of the same example is neither positive nor negative. Entries have no gradient. What evaluates a loss
 * several times in a step, such as `symmetric` or `matryoshka`, would write it as often: give a memory to one loss only.
 *
 * Wang et al., "Cross-batch memory for embedding learning", 2020. With `infoNCE`, keys of a `momentumEncoder` and the
 * convention `joint` it is the queue of He et al., "Momentum contrast for unsupervised visual representation learning", 2020.
 *
 * @throws {RangeError} If `size` or `warmUp` is not an integer in its range, or `weight` not a finite number. The loss
 * throws one if a batch is larger than the memory or of another width.
 *
 * @example
 * ```ts
 * import { contrastive } from "@gradfold/gradfold/losses";
 * import { crossBatchMemory } from "@gradfold/gradfold/samplers";
 * import { key, tiled, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const memory = crossBatchMemory({ size: 6 });
 * const loss = tiled(contrastive(), { memory });
 * const targets = tf.tensor1d([0, 0, 1, 1], "int32");
 * loss([tf.tensor2d([[1, 0], [2, 1], [0, 1], [-1, 1]])], { training: true, key: key(0), targets });
 * assertEquals([memory.length, memory.next, memory.full], [4, 4, false]);
 * ```
 */
export function crossBatchMemory(options: CrossBatchMemoryOptions): CrossBatchMemory {
  const { size, convention = "sum", weight = 1, warmUp = 0 } = options;
  requireInteger("size", size, 1);
  requireInteger("warmUp", warmUp, 0);
  checkConvention(convention, weight);
  const entries = ring(size);
  let evaluations = 0;
  return {
    size,
    get length() {
      return entries.length;
    },
    get next() {
      return entries.next;
    },
    get full() {
      return entries.length === size;
    },
    attach: (pairs, { training }) => {
      const alone = [{ pairs, weight: 1 }];
      if (!training) return { terms: alone };
      if (evaluations < warmUp) return { terms: alone, enqueue: () => void evaluations++ };
      entries.check(pairs.references);
      return {
        // The batch itself counts as written; it pushes out as many as it has.
        terms: combine(pairs, entries.newest(size - pairs.references.shape[0]), { convention, weight }),
        enqueue: () => {
          entries.write(pairs);
          evaluations++;
        },
      };
    },
    save: async () => {
      const now = evaluations;
      return { ...await entries.save(), evaluations: now };
    },
    restore: (state) => {
      requireInteger("evaluations", state.evaluations, 0);
      entries.restore(state);
      evaluations = state.evaluations;
    },
    reset: () => {
      entries.reset();
      evaluations = 0;
    },
    dispose: entries.reset,
  };
}

function requireInteger(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`Cannot make a memory: ${name} is ${value}, expected an integer of at least ${least}`);
  }
}
