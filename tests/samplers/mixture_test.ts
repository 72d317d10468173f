import { assert, assertEquals, assertThrows } from "@std/assert";
import { fc } from "../support/properties.ts";
import { key } from "../../core/mod.ts";
import {
  classBatches,
  type ClassBatchesState,
  epochs,
  type EpochsState,
  mixtureBatches,
  type MixtureBatchesOptions,
  type MixtureBatchesState,
} from "../../samplers/mod.ts";
import { assertEven, assertResumes, assertShuffles } from "./_contract.ts";

const part = (batches: number, seed = 0) => (state?: EpochsState) =>
  epochs({ examples: 2 * batches, batchSize: 2, key: key(seed), state });

type Three = { a: EpochsState; b: EpochsState; c: EpochsState };
const three = (options: Partial<MixtureBatchesOptions<Three>> = {}) =>
  mixtureBatches<Three>({ sources: { a: part(6, 1), b: part(2, 2), c: part(1, 3) }, key: key(0), ...options });
const countsOf = (drawn: Iterable<{ source: string }>) => {
  const counts = { a: 0, b: 0, c: 0 };
  for (const { source } of drawn) counts[source as "a"]++;
  return counts;
};

Deno.test("mixtureBatches() draws an epoch of every source in an epoch, if not told otherwise", () => {
  const sampler = three();
  assertEquals(sampler.batchesPerEpoch, 9);
  const alone = { a: part(6, 1)(), b: part(2, 2)(), c: part(1, 3)() };
  for (let epoch = 0; epoch < 4; epoch++) {
    const drawn = [...sampler.epoch()];
    assertEquals(countsOf(drawn), { a: 6, b: 2, c: 1 });
    for (const { source, rows } of drawn) assertEquals(rows, alone[source].next());
  }
});

Deno.test("mixtureBatches() keeps proportions in each epoch, for any weights and temperature", () => {
  const weight = fc.double({ min: 0.01, max: 10, noNaN: true });
  const options = fc.record({
    weights: fc.record({ a: weight, b: weight, c: weight }),
    temperature: fc.double({ min: 0.5, max: 4, noNaN: true }),
    batchesPerEpoch: fc.integer({ min: 1, max: 50 }),
    key: fc.nat().map(key),
  });
  fc.assert(fc.property(options, (given) => {
    const sampler = three(given);
    assertEquals(sampler.batchesPerEpoch, given.batchesPerEpoch);
    const powers = Object.entries(given.weights).map(([name, w]) => [name, w ** (1 / given.temperature)] as const);
    const total = powers.reduce((sum, [_, power]) => sum + power, 0);
    for (let epoch = 0; epoch < 3; epoch++) {
      const counts = countsOf(sampler.epoch());
      for (const [name, power] of powers) {
        const share = power / total * given.batchesPerEpoch;
        assert(
          Math.abs(counts[name as "a"] - share) < 1 + 1e-9,
          `${name} came ${counts[name as "a"]} times, not ${share}`,
        );
      }
    }
  }));
});

Deno.test("mixtureBatches() rounds shares right on average", () => {
  const sampler = three({ weights: { a: 0.5, b: 0.3, c: 0.2 }, batchesPerEpoch: 3 });
  const rounds = 3000;
  const counts = countsOf(Array.from({ length: rounds }, () => [...sampler.epoch()]).flat());
  // A share of 1.5 is 1 or 2, and so forth, each with a deviation of at most half a batch an epoch.
  for (const [name, share] of [["a", 1.5], ["b", 0.9], ["c", 0.6]] as const) {
    assert(Math.abs(counts[name] - share * rounds) < 5 * 0.5 * Math.sqrt(rounds), `${name} came ${counts[name]} times`);
  }
});

Deno.test("mixtureBatches() evens out weights with the temperature", () => {
  const shares = (temperature: number) => countsOf(three({ temperature, batchesPerEpoch: 9000 }).epoch());
  assertEquals(shares(1), { a: 6000, b: 2000, c: 1000 });
  const [root6, root2] = [Math.sqrt(6), Math.sqrt(2)];
  const { a, b, c } = shares(2);
  assert(Math.abs(a - 9000 * root6 / (root6 + root2 + 1)) <= 1);
  assert(Math.abs(b - 9000 * root2 / (root6 + root2 + 1)) <= 1);
  assertEquals(a + b + c, 9000);
  const even = Object.values(shares(1e9));
  assert(even.every((count) => Math.abs(count - 3000) <= 1));
});

Deno.test("mixtureBatches() goes round in turn", () => {
  const sampler = three({ weights: "roundRobin", batchesPerEpoch: 4 });
  const drawn = Array.from({ length: 9 }, () => sampler.next().source);
  assertEquals(drawn, ["a", "b", "c", "a", "b", "c", "a", "b", "c"]);
  assertEquals(sampler.state.epoch, 2);
});

Deno.test("mixtureBatches() puts each source at each place of an epoch equally often", () => {
  const sampler = three();
  const places = new Array<number>(9).fill(0);
  const rounds = 3000;
  for (let epoch = 0; epoch < rounds; epoch++) {
    [...sampler.epoch()].forEach(({ source }, place) => places[place]! += source === "b" ? 1 : 0);
  }
  assertEven(places, rounds);
});

Deno.test("mixtureBatches() goes on from each of its states with those of all sources, and shuffles", () => {
  for (const weights of ["proportional", "roundRobin", { a: 1, b: 0.3, c: 3 }] as const) {
    assertResumes((state?: MixtureBatchesState<Three>) => three({ weights, state }));
  }
  const labels = [0, 0, 0, 5, 5, 5, -1, -1];
  assertResumes((state?: MixtureBatchesState<{ pairs: EpochsState; classes: ClassBatchesState }>) =>
    mixtureBatches({
      sources: {
        pairs: part(4),
        classes: (inner?: ClassBatchesState) =>
          classBatches({ labels, classes: 2, perClass: 2, key: key(3), state: inner }),
      },
      key: key(0),
      state,
    })
  );
  assertShuffles((seed) => three({ key: key(seed) }));
});

Deno.test("mixtureBatches() rejects impossible options", () => {
  assertThrows(() => mixtureBatches({ sources: {}, key: key(0) }), RangeError, "sources is empty");
  const rejects = (options: Partial<MixtureBatchesOptions<Three>>, message: string) =>
    assertThrows(() => three(options), RangeError, message);
  rejects({ weights: { a: 1, b: 0, c: 1 } }, "weights.b is 0, expected a finite number above 0");
  rejects({ weights: { a: 1, b: 1, c: NaN } }, "weights.c is NaN");
  rejects({ weights: { a: 1, b: 1 } as Record<keyof Three, number> }, "weights.c is undefined");
  rejects({ weights: "even" as "proportional" }, 'weights is even, expected "proportional", "roundRobin" or a number');
  rejects({ temperature: 0 }, "temperature is 0, expected a finite number above 0");
  rejects({ temperature: 1e-3, weights: { a: 1, b: 10, c: 1 } }, "weights.b at temperature 0.001 is Infinity");
  rejects({ temperature: 2, weights: "roundRobin" }, 'temperature is 2, expected none for "roundRobin"');
  rejects({ batchesPerEpoch: 1.5 }, "batchesPerEpoch is 1.5");
});

Deno.test("mixtureBatches() rejects a state that belongs to something else", () => {
  const { state } = three();
  const rejects = (options: Partial<MixtureBatchesOptions<Three>>, message: string) =>
    assertThrows(() => three({ state, ...options }), RangeError, message);
  rejects({ batchesPerEpoch: 8 }, "batchesPerEpoch of the state is 9, expected 8");
  rejects({ weights: "roundRobin" }, "weights of the state is 6,2,1, expected roundRobin");
  rejects({ key: key(9) }, "key of the state");
  rejects({ state: { ...state, names: ["a", "b", "d"] } }, "names of the state is a,b,d, expected a,b,c");
  const { a, b } = state.sources;
  rejects({ state: { ...state, sources: { a, b } as Three } }, "the state has no source c");
  rejects({ state: { ...state, sources: { a: b, b, c: b } } }, "Cannot resume epochs: examples of the state is 4");
});
