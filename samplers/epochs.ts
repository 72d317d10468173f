/**
 * Shuffled epochs.
 *
 * @module
 */
import type { Key } from "../core/key.ts";
import { permutation } from "../core/stream.ts";
import { requireIntegers } from "./_checks.ts";
import { makeSampler } from "./_sampler.ts";
import type { Sampler, SamplerState } from "./sampler.ts";

/** What is shuffled and how it is cut. */
export interface EpochsOptions {
  /** How many examples there are. */
  readonly examples: number;
  /** How many examples meet in a batch. */
  readonly batchSize: number;
  /** Randomness of the orders. */
  readonly key: Key;
  /** Whether the last batch of an epoch is left out where it is not full; true by default. */
  readonly dropLast?: boolean;
  /** Where to go on, as another sampler with the same options said; at the beginning if left out. */
  readonly state?: EpochsState | undefined;
}

/** Where a sampler of {@linkcode epochs} stands, as a JSON value. */
export interface EpochsState extends SamplerState {
  /** How many examples there are. */
  readonly examples: number;
  /** How many examples meet in a batch. */
  readonly batchSize: number;
}

/** Batches of example indices without end, epoch after epoch. */
export type Epochs = Sampler<EpochsState>;

/**
 * Draws batches so that each epoch is a new random order of all examples, and each example comes once an epoch.
 *
 * The order depends on the key and the epoch's number alone, so a sampler goes on in the middle of an epoch from a
 * state of five small numbers. With `dropLast` the examples that do not fill a batch miss that epoch: others each time.
 *
 * @param options Sizes, key and, to go on, the state.
 * @returns The sampler.
 * @throws {RangeError} If a size is not an integer of at least 1, the batch is larger than the examples are many, or
 * the state belongs to other options.
 *
 * @example
 * ```ts
 * import { key } from "@gradfold/gradfold/core";
 * import { epochs } from "@gradfold/gradfold/samplers";
 * import { assertEquals } from "@std/assert";
 *
 * const sampler = epochs({ examples: 10, batchSize: 4, key: key(0), dropLast: false });
 * const sizes = Array.from(sampler.epoch(), (batch) => batch.length);
 * assertEquals(sizes, [4, 4, 2]);
 *
 * const { state } = sampler;
 * const resumed = epochs({ examples: 10, batchSize: 4, key: key(0), dropLast: false, state });
 * assertEquals(resumed.next(), sampler.next());
 * ```
 */
export function epochs(options: EpochsOptions): Epochs {
  const { examples, batchSize, key, dropLast = true, state } = options;
  requireIntegers("epochs", { examples, batchSize });
  if (batchSize > examples) {
    throw new RangeError(
      `Cannot sample epochs: batchSize is ${batchSize}, but there are ${examples} examples; expected at most as many`,
    );
  }
  return makeSampler({
    name: "epochs",
    key,
    identity: { examples, batchSize },
    batchesPerEpoch: dropLast ? Math.floor(examples / batchSize) : Math.ceil(examples / batchSize),
    plan: (epochKey) => {
      const order = permutation(epochKey, examples);
      return (batch) => order.slice(batch * batchSize, (batch + 1) * batchSize);
    },
    state,
  });
}
