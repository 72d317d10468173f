/**
 * Batches in which examples meet their hard negatives.
 *
 * @module
 */
import type { Key } from "../core/key.ts";
import { permutation } from "../core/stream.ts";
import { requireIntegers } from "./_checks.ts";
import { fingerprint } from "./_fingerprint.ts";
import { mostBatches } from "./_groups.ts";
import { makeSampler } from "./_sampler.ts";
import { walk } from "./_walk.ts";
import type { HardNegatives } from "./hard_negatives.ts";
import type { Sampler, SamplerState } from "./sampler.ts";

/** Options of {@linkcode hardNegativeBatches}. */
export interface HardNegativeBatchesOptions {
  /** The hard negatives of each example, from `findHardNegatives` or elsewhere. */
  readonly negatives: HardNegatives;
  /** How many examples meet in a batch. */
  readonly batchSize: number;
  /** Randomness of the batches. */
  readonly key: Key;
  /**
   * The share of a batch that is drawn at random, from 0 to 1, but at least one example. A half if left out: a batch of
   * nothing but neighbors holds many positives that nobody has marked.
   */
  readonly random?: number;
  /** Where to go on, as another sampler with the same options and hard negatives said; at the beginning if left out. */
  readonly state?: HardNegativeBatchesState | undefined;
}

/** Where a sampler of {@linkcode hardNegativeBatches} stands, as a JSON value. */
export interface HardNegativeBatchesState extends SamplerState {
  /** How many examples meet in a batch. */
  readonly batchSize: number;
  /** The share of a batch that is drawn at random. */
  readonly random: number;
  /** How many examples there are. */
  readonly examples: number;
  /** A fingerprint of the labels, or of none. */
  readonly labels: number;
  /** A fingerprint of the hard negatives. */
  readonly negatives: number;
}

/** A sampler whose hard negatives can be renewed. */
export interface HardNegativeSampler extends Sampler<HardNegativeBatchesState> {
  /**
   * Takes hard negatives of a later snapshot, from the next epoch on. To be called between two epochs, so that an epoch
   * is of one snapshot and its state of one fingerprint.
   *
   * @throws {RangeError} If the epoch has begun, or the hard negatives are of other examples or labels.
   */
  refresh(negatives: HardNegatives): void;
}

/**
 * Draws batches along walks from neighbor to neighbor: each example that comes brings the hardest of its negatives that
 * is not yet used, and where there is none, the one before it brings its next. A walk that ends goes on from a random
 * example, and a share of each batch is random altogether.
 *
 * Each example comes at most once an epoch. As the end of an epoch finds few neighbors unused, its batches are easier.
 * An epoch has ⌊n / `batchSize`⌋ full batches; the rest is left out, others each time. Where the hard negatives have
 * labels, no two examples of a label meet; then an epoch has as many batches as the labels can fill, the last of which
 * may fall short.
 *
 * To go on in another process, save the hard negatives with the state: a later snapshot gives others, and is refused.
 *
 * Xiong et al., "Approximate nearest neighbor negative contrastive learning for dense text retrieval" (ANCE), 2021.
 *
 * @returns The sampler.
 * @throws {RangeError} If an option lies outside its range, no batch can be filled, the hard negatives do not fit
 * together, or the state belongs to other options or hard negatives.
 *
 * @example
 * ```ts
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { findHardNegatives, hardNegativeBatches } from "@gradfold/gradfold/samplers";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const rows = tf.tensor2d([[1, 0], [0, 1], [1, 0.1], [0.1, 1]]);
 * const negatives = await findHardNegatives(rows, rows);
 * const sampler = hardNegativeBatches({ negatives, batchSize: 2, random: 0, key: key(0) });
 * const batches = Array.from(sampler.epoch(), (batch) => [...batch].sort());
 * assertEquals(batches.sort(), [[0, 2], [1, 3]]);
 *
 * // Train for an epoch, represent all examples again, and:
 * sampler.refresh(await findHardNegatives(rows, rows, { similarity: "dot" }));
 * ```
 */
export function hardNegativeBatches(options: HardNegativeBatchesOptions): HardNegativeSampler {
  const name = "hard-negative batches";
  const { batchSize, key, random = 0.5, state } = options;
  requireIntegers(name, { batchSize }, 2);
  if (!(random >= 0 && random <= 1)) {
    throw new RangeError(`Cannot sample ${name}: random is ${random}, expected a number from 0 to 1`);
  }
  const examples = checkNegatives(name, options.negatives);
  let { negatives } = options;
  let hash = fingerprint(negatives.indices);
  const labels = fingerprint(negatives.labels ?? []);
  const batchesPerEpoch = mostBatches(labelCounts(negatives, examples), 1, batchSize);
  if (batchesPerEpoch === 0) {
    throw new RangeError(
      `Cannot sample ${name}: batchSize is ${batchSize}, but there are ${examples} examples` +
        (negatives.labels ? ` of ${labelCounts(negatives, examples).length} labels` : "") +
        `; expected at most as many`,
    );
  }

  const own = makeSampler({
    name,
    key,
    identity: {
      batchSize,
      random,
      examples,
      labels,
      get negatives() {
        return hash;
      },
    },
    batchesPerEpoch,
    plan: (epochKey) => {
      const draw = walk(negatives, permutation(epochKey, examples), { batchSize, random });
      const batches = Array.from({ length: batchesPerEpoch }, draw);
      return (batch) => batches[batch]!;
    },
    state,
  });
  return {
    ...own,
    get state() {
      return own.state;
    },
    refresh(later) {
      const { batch } = own.state;
      if (batch > 0) {
        throw new RangeError(
          `Cannot refresh ${name}: ${batch} of ${batchesPerEpoch} batches of the epoch are drawn, expected none or all`,
        );
      }
      const count = checkNegatives(name, later);
      if (count !== examples || fingerprint(later.labels ?? []) !== labels) {
        throw new RangeError(
          `Cannot refresh ${name}: the hard negatives are of ${count} examples, expected the same ${examples} with ` +
            `the same labels`,
        );
      }
      negatives = later;
      hash = fingerprint(negatives.indices);
    },
  };
}

function labelCounts({ labels }: HardNegatives, examples: number): number[] {
  const counts = new Map<number, number>();
  for (let example = 0; example < examples; example++) {
    const label = labels ? labels[example]! : example;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return [...counts.values()];
}

/** Checks that hard negatives fit together, and says of how many examples they are. */
function checkNegatives(name: string, { indices, width, labels }: HardNegatives): number {
  requireIntegers(name, { width });
  const examples = indices.length / width;
  if (!Number.isInteger(examples)) {
    throw new RangeError(
      `Cannot sample ${name}: there are ${indices.length} indices, expected a multiple of width, which is ${width}`,
    );
  }
  const least = indices.reduce((most, index) => Math.max(most, index + 1), examples);
  if (labels && labels.length < least) {
    throw new RangeError(
      `Cannot sample ${name}: labels has ${labels.length} entries, expected one for each reference, at least ${least}`,
    );
  }
  return examples;
}
