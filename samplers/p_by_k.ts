/**
 * Batches of P classes with K examples each.
 *
 * @module
 */
import { fold, type Key } from "../core/key.ts";
import { requireIntegers } from "./_checks.ts";
import { batchesToSee, usableClasses } from "./_classes.ts";
import { cycle } from "./_cycle.ts";
import { fingerprint } from "./_fingerprint.ts";
import { makeSampler } from "./_sampler.ts";
import { planVisits } from "./_visits.ts";
import type { Sampler, SamplerState } from "./sampler.ts";

/** Options of {@linkcode classBatches}. */
export interface ClassBatchesOptions {
  /** The class of each example, any integers. */
  readonly labels: ArrayLike<number>;
  /** P, how many classes meet in a batch: at least 2, since one alone has no negatives. */
  readonly classes: number;
  /** K, how many examples of each class meet in a batch. */
  readonly perClass: number;
  /** Randomness of the batches. */
  readonly key: Key;
  /**
   * What becomes of classes with fewer than K examples: `"skip"` leaves them out, `"repeat"` has their examples come
   * more than once in a batch. `"skip"` if left out, since an example is too easy a positive of itself; where each
   * comes in random views it is not, and `"repeat"` loses no class.
   */
  readonly small?: "skip" | "repeat";
  /**
   * How many batches make an epoch: as many as draw the number of examples in the classes that are used, if left out.
   */
  readonly batchesPerEpoch?: number;
  /** Where to go on, as another sampler with the same options said; at the beginning if left out. */
  readonly state?: ClassBatchesState | undefined;
}

/** Where a sampler of {@linkcode classBatches} stands, as a JSON value. */
export interface ClassBatchesState extends SamplerState {
  /** How many classes meet in a batch. */
  readonly classes: number;
  /** How many examples of each class meet in a batch. */
  readonly perClass: number;
  /** What becomes of small classes. */
  readonly small: "skip" | "repeat";
  /** How many batches make an epoch. */
  readonly batchesPerEpoch: number;
  /** A fingerprint of the labels. */
  readonly labels: number;
}

/**
 * Draws batches of exactly P different classes with K different examples each, class after class.
 *
 * All classes come equally often, whatever their size: at the end of each epoch their numbers of visits so far differ
 * by at most one. A class goes through its examples in a random order, from one visit to the next and over epochs, so
 * that at any time they have come equally often but for one. As a small class is through sooner than a large one, there
 * is no epoch that sees every example exactly once; by default an epoch has ⌊n / (P K)⌋ batches, for n examples in the
 * classes that are used, and so draws as many examples as there are.
 *
 * Hermans, Beyer and Leibe, "In defense of the triplet loss for person re-identification", 2017.
 *
 * @returns The sampler.
 * @throws {RangeError} If a size is out of range, a label is no integer, no class has K examples, fewer than P classes
 * can be used, or the state belongs to other options or labels.
 *
 * @example
 * ```ts
 * import { key } from "@gradfold/gradfold/core";
 * import { classBatches } from "@gradfold/gradfold/samplers";
 * import { assertEquals } from "@std/assert";
 *
 * const labels = [0, 0, 0, 1, 1, 1, 2, 2, 2, 9];
 * const sampler = classBatches({ labels, classes: 2, perClass: 3, key: key(0) });
 * const drawn = Array.from(sampler.next(), (row) => labels[row]);
 * assertEquals(new Set(drawn).size, 2);
 * assertEquals(drawn.filter((label) => label === drawn[0]).length, 3);
 * ```
 */
export function classBatches(options: ClassBatchesOptions): Sampler<ClassBatchesState> {
  const name = "class batches";
  const { labels, classes, perClass, key, small = "skip", state } = options;
  requireIntegers(name, { classes }, 2);
  requireIntegers(name, { perClass });
  const usable = usableClasses({ name, labels, perClass, small });
  if (usable.length < classes) {
    throw new RangeError(
      `Cannot sample ${name}: classes is ${classes}, but ${usable.length} can be used` +
        (small === "skip" ? `, those of at least ${perClass} examples` : "") + `; expected at most as many`,
    );
  }
  const { batchesPerEpoch = batchesToSee(usable, classes * perClass) } = options;
  requireIntegers(name, { batchesPerEpoch });

  const visits = planVisits({ key, units: usable.length, perBatch: classes, batches: batchesPerEpoch });
  const draws = usable.map((members, unit) => cycle(fold(key, "class", unit), members, perClass));
  return makeSampler({
    name,
    key,
    identity: { classes, perClass, small, batchesPerEpoch, labels: fingerprint(labels) },
    batchesPerEpoch,
    plan: (epochKey, epoch) => {
      const planned = visits(epochKey, epoch);
      return (batch) => {
        const rows = planned[batch]!.flatMap(({ unit, index }) =>
          Array.from({ length: perClass }, (_, i) => draws[unit]!(index * perClass + i))
        );
        return Int32Array.from(rows);
      };
    },
    state,
  });
}
