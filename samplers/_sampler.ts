/**
 * Samplers from plans of epochs.
 *
 * @module
 */
import { fold, type Key } from "../core/key.ts";
import type { Sampler, SamplerState } from "./sampler.ts";

/** What a sampler is made of. */
export interface SamplerParts<Identity extends object, Drawn> {
  /** What it samples, for messages. */
  readonly name: string;
  /** Randomness of all epochs. */
  readonly key: Key;
  /** What another sampler must agree in to go on from this one's state: numbers, texts and lists of them. */
  readonly identity: Identity;
  /** How many batches an epoch has. */
  readonly batchesPerEpoch: number;
  /** Gives for an epoch, by its own key and number, a function from a batch's number to the batch. */
  readonly plan: (key: Key, epoch: number) => (batch: number) => Drawn;
  /** Where to go on. */
  readonly state: (SamplerState & Identity) | undefined;
}

/**
 * Makes a sampler. An epoch is planned when its first batch is drawn, and batches are asked for in order.
 *
 * @throws {RangeError} If the state belongs to other options.
 */
export function makeSampler<Identity extends object, Drawn = Int32Array>(
  { name, key, identity, batchesPerEpoch, plan, state }: SamplerParts<Identity, Drawn>,
): Sampler<SamplerState & Identity, Drawn> {
  if (state) requireFit(name, state, { ...identity, key: key.words }, batchesPerEpoch);
  let epoch = state?.epoch ?? 0;
  let batch = state?.batch ?? 0;
  let planned: ((batch: number) => Drawn) | undefined;
  const next = (): Drawn => {
    planned ??= plan(fold(key, "epoch", epoch), epoch);
    const drawn = planned(batch);
    if (++batch === batchesPerEpoch) {
      epoch++;
      batch = 0;
      planned = undefined;
    }
    return drawn;
  };
  return {
    batchesPerEpoch,
    get state() {
      return { epoch, batch, ...identity, key: key.words };
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

function requireFit(name: string, state: SamplerState, own: object, batchesPerEpoch: number): void {
  const given = state as object as Record<string, unknown>;
  for (const [item, expected] of Object.entries(own)) {
    // Everything that tells samplers apart is a number, a text or a list of them, so that its text will do.
    if (String(given[item]) !== String(expected)) {
      throw new RangeError(
        `Cannot resume ${name}: ${item} of the state is ${given[item]}, expected ${expected} as in the options`,
      );
    }
  }
  if (!Number.isSafeInteger(state.epoch) || state.epoch < 0) {
    throw new RangeError(`Cannot resume ${name}: epoch is ${state.epoch}, expected an integer of at least 0`);
  }
  if (!Number.isInteger(state.batch) || state.batch < 0 || state.batch >= batchesPerEpoch) {
    throw new RangeError(
      `Cannot resume ${name}: batch is ${state.batch}, expected an integer from 0 to ${batchesPerEpoch - 1}`,
    );
  }
}
