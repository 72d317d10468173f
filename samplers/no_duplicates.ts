/**
 * Batches in which no two examples share a value.
 *
 * @module
 */
import type { Key } from "../core/key.ts";
import { requireIntegers } from "./_checks.ts";
import { deal } from "./_deal.ts";
import { fingerprint } from "./_fingerprint.ts";
import { mostBatches, shuffleGroups } from "./_groups.ts";
import { makeSampler } from "./_sampler.ts";
import type { Sampler, SamplerState } from "./sampler.ts";

/** Options of {@linkcode noDuplicateBatches}. */
export interface NoDuplicateBatchesOptions {
  /**
   * What each example must not share with others of its batch: an id or a text, or a list of them, such as a query and
   * its passage. The number 1 and the text "1" are two values.
   */
  readonly values: ArrayLike<number | string | readonly (number | string)[]>;
  /** How many examples meet in a batch. */
  readonly batchSize: number;
  /** Randomness of the batches. */
  readonly key: Key;
  /** Where to go on, as another sampler with the same options said; at the beginning if left out. */
  readonly state?: NoDuplicateBatchesState | undefined;
}

/** Where a sampler of {@linkcode noDuplicateBatches} stands, as a JSON value. */
export interface NoDuplicateBatchesState extends SamplerState {
  /** How many examples meet in a batch. */
  readonly batchSize: number;
  /** A fingerprint of the values. */
  readonly values: number;
}

/**
 * Draws batches in which no two examples share a value, so that no in-batch negative is a positive in disguise.
 *
 * Each example counts to the most frequent of its values, and the examples of a value are dealt to different batches.
 * An epoch has the largest number T of batches for which Σ min(examples that count to a value, T) ≥ T · `batchSize`;
 * with one value an example no way of filling batches has more. Each example comes at most once an epoch. Left out of
 * it, others each time, are
 *
 * - all but T examples of a value that has more than T,
 * - fewer than a batch of the rest, and
 * - where examples have several values, those that fit none of 16 batches that they are offered to.
 *
 * Batches are full where each example has one value. Where examples have several, a batch may fall short by some that
 * fit nowhere else, if they share much. The work for an epoch is linear in the number of examples, whatever they share.
 *
 * @returns The sampler.
 * @throws {RangeError} If `batchSize` is not an integer of at least 2, there is a value that is no finite number, no
 * batch can be filled, or the state belongs to other options or values.
 *
 * @example
 * ```ts
 * import { key } from "@gradfold/gradfold/core";
 * import { noDuplicateBatches } from "@gradfold/gradfold/samplers";
 * import { assertEquals } from "@std/assert";
 *
 * const answers = ["yes", "no", "yes", "in 1969", "no", "the Moon"];
 * const sampler = noDuplicateBatches({ values: answers, batchSize: 3, key: key(0) });
 * assertEquals(sampler.batchesPerEpoch, 2);
 * for (const batch of sampler.epoch()) assertEquals(new Set(Array.from(batch, (row) => answers[row])).size, 3);
 * ```
 */
export function noDuplicateBatches(options: NoDuplicateBatchesOptions): Sampler<NoDuplicateBatchesState> {
  const name = "batches without duplicates";
  const { values, batchSize, key, state } = options;
  requireIntegers(name, { batchSize }, 2);
  const held = numberValues(name, values);
  const { of, sizes } = groupByCommonest(held);
  const batchesPerEpoch = mostBatches(sizes, 1, batchSize);
  if (batchesPerEpoch === 0) {
    throw new RangeError(
      `Cannot sample ${name}: batchSize is ${batchSize}, but of ${values.length} examples at most ${sizes.length} ` +
        `share no value; expected at most as many`,
    );
  }

  const limits = sizes.map((size) => Math.min(size, batchesPerEpoch));
  return makeSampler({
    name,
    key,
    identity: { batchSize, values: fingerprint(values) },
    batchesPerEpoch,
    plan: (epochKey) => {
      const examples = shuffleGroups(epochKey, of, limits);
      const seen = Array.from({ length: batchesPerEpoch }, () => new Set<number>());
      const take = (item: number, batch: number) => {
        const own = held[examples[item]!]!;
        if (own.some((value) => seen[batch]!.has(value))) return false;
        for (const value of own) seen[batch]!.add(value);
        return true;
      };
      const groups = examples.map((example) => of[example]!);
      const dealt = deal({ key: epochKey, groups, batches: batchesPerEpoch, size: batchSize, take });
      return (batch) => Int32Array.from(dealt[batch]!, (item) => examples[item]!);
    },
    state,
  });
}

/** Numbers the values from 0. */
function numberValues(name: string, values: NoDuplicateBatchesOptions["values"]): readonly (readonly number[])[] {
  const numbers = new Map<number | string, number>();
  return Array.from(values, (own, example) => {
    const list: readonly (number | string)[] = typeof own === "object" ? own : [own];
    for (const value of list) {
      if (typeof value !== "string" && !Number.isFinite(value)) {
        throw new RangeError(
          `Cannot sample ${name}: values[${example}] has ${value}, expected a finite number or a string`,
        );
      }
      if (!numbers.has(value)) numbers.set(value, numbers.size);
    }
    return list.map((value) => numbers.get(value)!);
  });
}

/** Groups examples by the most frequent of their values; one without values is a group of its own. */
function groupByCommonest(held: readonly (readonly number[])[]): { of: Int32Array; sizes: readonly number[] } {
  const counts: number[] = [];
  for (const own of held) {
    for (const value of own) counts[value] = (counts[value] ?? 0) + 1;
  }
  const numbers = new Map<number, number>();
  const sizes: number[] = [];
  const of = Int32Array.from(held, (own, example) => {
    const commonest = own.length === 0
      ? -1 - example
      : own.reduce((best, value) => counts[value]! > counts[best]! ? value : best);
    let group = numbers.get(commonest);
    if (group === undefined) numbers.set(commonest, group = sizes.push(0) - 1);
    sizes[group]!++;
    return group;
  });
  return { of, sizes };
}
