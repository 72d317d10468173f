/**
 * Batches in which each label comes at least twice and none alone.
 *
 * @module
 */
import type { Key } from "../core/key.ts";
import { requireIntegers } from "./_checks.ts";
import { deal } from "./_deal.ts";
import { fingerprint } from "./_fingerprint.ts";
import { groupsOf, mostBatches, shuffleGroups } from "./_groups.ts";
import { makeSampler } from "./_sampler.ts";
import type { Sampler, SamplerState } from "./sampler.ts";

/** Options of {@linkcode groupByLabelBatches}. */
export interface GroupByLabelBatchesOptions {
  /** The label of each example, any integers. */
  readonly labels: ArrayLike<number>;
  /** How many examples meet in a batch: an even number of at least 4. */
  readonly batchSize: number;
  /** Randomness of the batches. */
  readonly key: Key;
  /** Where to go on, as another sampler with the same options said; at the beginning if left out. */
  readonly state?: GroupByLabelBatchesState | undefined;
}

/** Where a sampler of {@linkcode groupByLabelBatches} stands, as a JSON value. */
export interface GroupByLabelBatchesState extends SamplerState {
  /** How many examples meet in a batch. */
  readonly batchSize: number;
  /** A fingerprint of the labels. */
  readonly labels: number;
}

/**
 * Draws batches that hold at least two labels, and at least two examples of each label that they hold. So every anchor
 * has a positive and a negative, and no batch is without a gradient. Labels come as often as they are in the data.
 *
 * In each epoch the examples of a label are paired at random, and the pairs of all labels are dealt in rounds, in each
 * of which every batch gets one. So a batch shows about the share of each label that the data have. An epoch has as
 * many batches as can be filled; each example comes at most once in it. Left out of it, others each time, are
 *
 * - one example of each label that has an odd number of them,
 * - pairs too few to fill one more batch, and
 * - pairs of a label so frequent that there is no other for each batch.
 *
 * An example that has no other of its label never comes.
 *
 * @returns The sampler.
 * @throws {RangeError} If `batchSize` is not an even number of at least 4, a label is no integer, no batch can be
 * filled, or the state belongs to other options or labels.
 *
 * @example
 * ```ts
 * import { key } from "@gradfold/gradfold/core";
 * import { groupByLabelBatches } from "@gradfold/gradfold/samplers";
 * import { assertEquals } from "@std/assert";
 *
 * const labels = [3, 3, 3, 3, -1, -1, 5];
 * const sampler = groupByLabelBatches({ labels, batchSize: 4, key: key(0) });
 * assertEquals(sampler.batchesPerEpoch, 1);
 * const drawn = Array.from(sampler.next(), (row) => labels[row]!);
 * assertEquals(drawn.sort(), [-1, -1, 3, 3]);
 * ```
 */
export function groupByLabelBatches(options: GroupByLabelBatchesOptions): Sampler<GroupByLabelBatchesState> {
  const name = "batches by label";
  const { labels, batchSize, key, state } = options;
  requireIntegers(name, { batchSize }, 4);
  if (batchSize % 2) throw new RangeError(`Cannot sample ${name}: batchSize is ${batchSize}, expected an even number`);
  const { of, members } = groupsOf(name, labels);
  const pairs = members.map(({ length }) => Math.floor(length / 2));
  const size = batchSize / 2;
  const batchesPerEpoch = mostBatches(pairs, size - 1, size);
  if (batchesPerEpoch === 0) {
    const paired = pairs.filter((count) => count > 0).length;
    const total = pairs.reduce((sum, count) => sum + count, 0);
    throw new RangeError(
      `Cannot sample ${name}: batchSize is ${batchSize}, but there are ${total} pairs of ${paired} labels; ` +
        `expected at least ${size} pairs of at least 2 labels`,
    );
  }

  const limits = pairs.map((count) => 2 * Math.min(count, batchesPerEpoch * (size - 1)));
  return makeSampler({
    name,
    key,
    identity: { batchSize, labels: fingerprint(labels) },
    batchesPerEpoch,
    plan: (epochKey) => {
      const examples = shuffleGroups(epochKey, of, limits);
      const groups = Int32Array.from({ length: examples.length / 2 }, (_, pair) => of[examples[2 * pair]!]!);
      const dealt = deal({ key: epochKey, groups, batches: batchesPerEpoch, size });
      return (batch) =>
        Int32Array.from(dealt[batch]!.flatMap((pair) => [examples[2 * pair]!, examples[2 * pair + 1]!]));
    },
    state,
  });
}
