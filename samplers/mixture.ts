/**
 * Mixtures of data sets.
 *
 * @module
 */
import { fold, type Key } from "../core/key.ts";
import { permutation, uniform } from "../core/stream.ts";
import { requireIntegers } from "./_checks.ts";
import { makeSampler } from "./_sampler.ts";
import type { Sampler, SamplerState } from "./sampler.ts";

/** The states of the samplers in a mixture, by their names. */
export type MixtureStates = { readonly [name: string]: SamplerState };

/** Options of {@linkcode mixtureBatches}. */
export interface MixtureBatchesOptions<States extends MixtureStates> {
  /** For each source a function that makes its sampler, from the state if there is one. */
  readonly sources: { readonly [Name in keyof States]: (state?: States[Name]) => Sampler<States[Name]> };
  /**
   * How often the sources come: `"proportional"` to the batches in an epoch of theirs, in the proportions given here,
   * or `"roundRobin"`, one after the other. `"proportional"` if left out.
   */
  readonly weights?: "proportional" | "roundRobin" | { readonly [Name in keyof States]: number };
  /**
   * The temperature τ that evens out weights: a source of weight w comes in proportion to w^(1/τ), so that the larger
   * τ, the more equal all are. 1 if left out; not for `"roundRobin"`.
   */
  readonly temperature?: number;
  /** Randomness of the order of sources. */
  readonly key: Key;
  /** How many batches make an epoch: as many as the epochs of all sources together, if left out. */
  readonly batchesPerEpoch?: number;
  /** Where to go on, as another mixture with the same options said; at the beginning if left out. */
  readonly state?: MixtureBatchesState<States> | undefined;
}

/** Where a sampler of {@linkcode mixtureBatches} stands, as a JSON value. */
export interface MixtureBatchesState<States extends MixtureStates> extends SamplerState {
  /** How many batches make an epoch. */
  readonly batchesPerEpoch: number;
  /** The names of the sources. */
  readonly names: readonly string[];
  /** How often they come, after temperature. */
  readonly weights: "roundRobin" | readonly number[];
  /** Where the samplers of the sources stand. */
  readonly sources: States;
}

/** A batch of one source. */
export interface MixtureBatch<Name extends PropertyKey = string> {
  /** The source's name. */
  readonly source: Name;
  /** The rows of the examples, in that source. */
  readonly rows: Int32Array;
}

/**
 * Draws each batch from one of several data sets, so that negatives are of the anchor's own kind.
 *
 * Proportions hold in each epoch, and not only on average: of T batches a source with the share p of the weights gets p
 * T, rounded up or down; which of both, is drawn so that it is p T on average. Their order is random. Sources go on
 * from one epoch of the mixture to the next and begin again where they end, each at its own time. With the options as
 * they are if left out, an epoch of the mixture is one epoch of every source.
 *
 * @returns The sampler; its batches say which source they are of.
 * @throws {RangeError} If there is no source, a weight or the temperature is not a finite number above 0,
 * `batchesPerEpoch` is not an integer of at least 1, or the state belongs to other options.
 *
 * @example
 * ```ts
 * import { key } from "@gradfold/gradfold/core";
 * import { epochs, type EpochsState, mixtureBatches } from "@gradfold/gradfold/samplers";
 * import { assertEquals } from "@std/assert";
 *
 * const sampler = mixtureBatches({
 *   sources: {
 *     titles: (state?: EpochsState) => epochs({ examples: 60, batchSize: 10, key: key(1), state }),
 *     answers: (state?: EpochsState) => epochs({ examples: 20, batchSize: 10, key: key(2), state }),
 *   },
 *   key: key(0),
 * });
 * const drawn = Array.from(sampler.epoch(), ({ source }) => source);
 * assertEquals(drawn.filter((source) => source === "titles").length, 6);
 * assertEquals(drawn.filter((source) => source === "answers").length, 2);
 * ```
 */
export function mixtureBatches<States extends MixtureStates>(
  options: MixtureBatchesOptions<States>,
): Sampler<MixtureBatchesState<States>, MixtureBatch<keyof States>> {
  const { sources, key, state } = options;
  const names: readonly (keyof States & string)[] = Object.keys(sources);
  if (names.length === 0) throw new RangeError("Cannot sample a mixture: sources is empty, expected at least one");
  const lost = state && names.find((name) => !state.sources?.[name]);
  if (lost !== undefined) {
    throw new RangeError(`Cannot resume a mixture: the state has no source ${lost}, expected all of the options`);
  }
  const samplers = names.map((name) => sources[name](state?.sources[name]));
  const { batchesPerEpoch = samplers.reduce((sum, sampler) => sum + sampler.batchesPerEpoch, 0) } = options;
  requireIntegers("a mixture", { batchesPerEpoch });
  const weights = weightsOf(options, names, samplers);

  const own = makeSampler<
    Omit<MixtureBatchesState<States>, keyof SamplerState | "sources">,
    MixtureBatch<keyof States>
  >({
    name: "a mixture",
    key,
    identity: { batchesPerEpoch, names, weights },
    batchesPerEpoch,
    plan: (epochKey, epoch) => {
      const order = weights === "roundRobin"
        ? Array.from({ length: batchesPerEpoch }, (_, batch) => (epoch * batchesPerEpoch + batch) % names.length)
        : shuffledShares(epochKey, weights, batchesPerEpoch);
      return (batch) => ({ source: names[order[batch]!]!, rows: samplers[order[batch]!]!.next() });
    },
    state,
  });
  return {
    ...own,
    get state() {
      const states = Object.fromEntries(names.map((name, source) => [name, samplers[source]!.state]));
      return { ...own.state, sources: states as Partial<States> as States };
    },
  };
}

function weightsOf<States extends MixtureStates>(
  { weights = "proportional", temperature }: MixtureBatchesOptions<States>,
  names: readonly (keyof States & string)[],
  samplers: readonly Sampler[],
): "roundRobin" | readonly number[] {
  const requirePositive = (what: string, value: number) => {
    if (Number.isFinite(value) && value > 0) return;
    throw new RangeError(`Cannot sample a mixture: ${what} is ${value}, expected a finite number above 0`);
  };
  if (weights === "roundRobin") {
    if (temperature === undefined) return "roundRobin";
    throw new RangeError(`Cannot sample a mixture: temperature is ${temperature}, expected none for "roundRobin"`);
  }
  if (typeof weights === "string" && weights !== "proportional") {
    throw new RangeError(
      `Cannot sample a mixture: weights is ${weights}, expected "proportional", "roundRobin" or a number for each ` +
        `source`,
    );
  }
  if (temperature !== undefined) requirePositive("temperature", temperature);
  return names.map((name, source) => {
    const weight = typeof weights === "string" ? samplers[source]!.batchesPerEpoch : weights[name];
    requirePositive(`weights.${name}`, weight);
    if (temperature === undefined) return weight;
    const tempered = weight ** (1 / temperature);
    requirePositive(`weights.${name} at temperature ${temperature}`, tempered);
    return tempered;
  });
}

/** Sources in random order, each as often as its share of all batches says, rounded up or down. */
function shuffledShares(key: Key, weights: readonly number[], batches: number): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  // Systematic sampling: the marks 1 - u, 2 - u, … are counted that lie in a source's part of the line from 0 to
  // `batches`.
  const [u] = uniform(fold(key, "rounding"), [0], 1);
  let passed = 0;
  let weight = 0;
  const sequence = weights.flatMap((own, source) => {
    weight += own;
    const before = passed;
    passed = Math.floor(batches * weight / total + u!);
    return new Array<number>(passed - before).fill(source);
  });
  return Array.from(permutation(key, batches), (place) => sequence[place]!);
}
