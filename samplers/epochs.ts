/**
 * Shuffled epochs.
 *
 * @module
 */
import { fold, type Key } from "../core/key.ts";
import { permutation } from "../core/stream.ts";

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
  readonly state?: EpochsState;
}

/** Where a sampler stands, as a JSON value: the batch that comes next, and what it belongs to. */
export interface EpochsState {
  /** The epoch, from 0. */
  readonly epoch: number;
  /** The batch within the epoch, from 0. */
  readonly batch: number;
  /** How many examples there are. */
  readonly examples: number;
  /** How many examples meet in a batch. */
  readonly batchSize: number;
  /** The two words of the key. */
  readonly key: readonly [number, number];
}

/** Batches of example indices without end, epoch after epoch. */
export interface Epochs extends Iterable<Int32Array> {
  /** How many batches an epoch has. */
  readonly batchesPerEpoch: number;
  /** Where the sampler stands; another one made with it gives the same batches from here on. */
  readonly state: EpochsState;
  /** The next batch; it belongs to the caller. */
  next(): Int32Array;
  /** The batches that the current epoch still has; all of it, if none was drawn. */
  epoch(): Iterable<Int32Array>;
}

/**
 * Draws batches so that each epoch is a new random order of all examples, and each example comes once an epoch.
 *
 * The order depends on the key and the epoch's number alone, so a sampler goes on in the middle of an epoch from a state of
 * five small numbers. With `dropLast` the examples that do not fill a batch miss that epoch: others each time.
 *
 * @param options Sizes, key and, to go on, the state.
 * @returns The sampler.
 * @throws {RangeError} If a size is not an integer of at least 1, the batch is larger than the examples are many, or the
 * state belongs to other options.
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
  requireInteger(examples, "examples");
  requireInteger(batchSize, "batchSize");
  if (batchSize > examples) {
    throw new RangeError(
      `Cannot sample epochs: batchSize is ${batchSize}, but there are ${examples} examples; expected at most as many`,
    );
  }
  const batchesPerEpoch = dropLast ? Math.floor(examples / batchSize) : Math.ceil(examples / batchSize);
  if (state) requireFit(state, { examples, batchSize, key: key.words }, batchesPerEpoch);

  let epoch = state?.epoch ?? 0;
  let batch = state?.batch ?? 0;
  let order: Int32Array | undefined;
  const next = (): Int32Array => {
    order ??= permutation(fold(key, "epoch", epoch), examples);
    const drawn = order.slice(batch * batchSize, (batch + 1) * batchSize);
    if (++batch === batchesPerEpoch) {
      epoch++;
      batch = 0;
      order = undefined;
    }
    return drawn;
  };
  return {
    batchesPerEpoch,
    get state() {
      return { epoch, batch, examples, batchSize, key: key.words };
    },
    next,
    *epoch() {
      for (const current = epoch; epoch === current;) yield next();
    },
    *[Symbol.iterator]() {
      while (true) yield next();
    },
  };
}

function requireInteger(value: number, name: string): void {
  // An Int32Array holds the indices.
  if (!Number.isInteger(value) || value < 1 || value >= 2 ** 31) {
    throw new RangeError(`Cannot sample epochs: ${name} is ${value}, expected an integer from 1 to 2^31 - 1`);
  }
}

function requireFit(
  state: EpochsState,
  own: Pick<EpochsState, "examples" | "batchSize" | "key">,
  batchesPerEpoch: number,
): void {
  for (const name of ["examples", "batchSize", "key"] as const) {
    if (String(state[name]) !== String(own[name])) {
      throw new RangeError(
        `Cannot resume epochs: ${name} of the state is ${state[name]}, expected ${own[name]} as in the options`,
      );
    }
  }
  if (!Number.isSafeInteger(state.epoch) || state.epoch < 0) {
    throw new RangeError(`Cannot resume epochs: epoch is ${state.epoch}, expected an integer of at least 0`);
  }
  if (!Number.isInteger(state.batch) || state.batch < 0 || state.batch >= batchesPerEpoch) {
    throw new RangeError(
      `Cannot resume epochs: batch is ${state.batch}, expected an integer from 0 to ${batchesPerEpoch - 1}`,
    );
  }
}
