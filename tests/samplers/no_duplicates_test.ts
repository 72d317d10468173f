import { assert, assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { fc } from "../support/properties.ts";
import { key } from "../../core/mod.ts";
import {
  noDuplicateBatches,
  type NoDuplicateBatchesOptions,
  type NoDuplicateBatchesState,
} from "../../samplers/mod.ts";
import { assertEven, assertResumes, assertShuffles, draw, tally } from "./_contract.ts";

type Own = number | string | readonly (number | string)[];
const list = (own: Own) => typeof own === "object" ? own : [own];
const shares = (a: Own, b: Own) => list(a).some((value) => list(b).includes(value));

const single = fc.oneof(fc.integer({ min: -4, max: 9 }), fc.constantFrom("1", "", "yes"));
const several = fc.oneof(single, fc.array(single, { maxLength: 3 }));
const casesOf = (value: fc.Arbitrary<Own>) =>
  fc.record({
    values: fc.array(value, { minLength: 12, maxLength: 60 }),
    batchSize: fc.integer({ min: 2, max: 4 }),
    key: fc.nat().map(key),
  }).filter((options) => {
    try {
      return noDuplicateBatches(options).batchesPerEpoch > 0;
    } catch {
      return false;
    }
  });

Deno.test("noDuplicateBatches() draws no two examples that share a value into a batch, and none twice an epoch", () => {
  fc.assert(fc.property(casesOf(several), (options) => {
    const sampler = noDuplicateBatches(options);
    for (const batches of draw(sampler, 3)) {
      assertEquals(batches.length, sampler.batchesPerEpoch);
      assertEquals(new Set(batches.flat()).size, batches.flat().length);
      for (const batch of batches) {
        assert(batch.length >= 1 && batch.length <= options.batchSize);
        batch.forEach((a, i) => {
          for (const b of batch.slice(0, i)) assert(!shares(options.values[a]!, options.values[b]!));
        });
      }
    }
  }));
});

Deno.test("noDuplicateBatches() fills as many batches as there can be, of one value an example", () => {
  /** The most disjoint batches of different values, by trying them all. */
  const most = (counts: readonly number[], size: number): number => {
    let best = 0;
    const choose = (from: number, left: readonly number[], missing: number) => {
      if (missing === 0) best = Math.max(best, 1 + most(left, size));
      for (let i = from; missing > 0 && i < left.length; i++) {
        if (left[i]! > 0) choose(i + 1, left.map((n, j) => j === i ? n - 1 : n), missing - 1);
      }
    };
    choose(0, counts, size);
    return best;
  };
  const cases = fc.record({
    counts: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 3, maxLength: 5 })
      .filter((counts) => counts.reduce((sum, count) => sum + count) <= 11),
    batchSize: fc.integer({ min: 2, max: 3 }),
    seed: fc.nat(),
  });
  fc.assert(fc.property(cases, ({ counts, batchSize, seed }) => {
    const values = counts.flatMap((count, value) => new Array<number>(count).fill(value));
    const [batches] = draw(noDuplicateBatches({ values, batchSize, key: key(seed) }));
    assertEquals(batches!.map((batch) => batch.length), new Array(most(counts, batchSize)).fill(batchSize));
  }));
});

Deno.test("noDuplicateBatches() draws full batches, and all but the rest, of one value an example", () => {
  fc.assert(fc.property(casesOf(single), ({ values, batchSize, key }) => {
    const [batches] = draw(noDuplicateBatches({ values, batchSize, key }));
    const used = new Map(values.map((value) => [value, 0]));
    for (const row of batches!.flat()) used.set(values[row]!, used.get(values[row]!)! + 1);
    let left = 0;
    for (const [value, count] of used) {
      left += Math.min(values.filter((other) => other === value).length, batches!.length) - count;
    }
    assert(batches!.every((batch) => batch.length === batchSize));
    assert(left < batchSize, `${left} more could have been drawn into ${batches!.length} batches of ${batchSize}`);
  }));
});

Deno.test("noDuplicateBatches() leaves out little where examples share several values", () => {
  // As queries with five passages, every tenth of which has a second query.
  const values = Array.from(
    { length: 1000 },
    (_, i) => [`query ${Math.floor(i / 5)}`, `passage ${i - (i % 10 ? 0 : 5)}`],
  );
  for (const batches of draw(noDuplicateBatches({ values, batchSize: 32, key: key(0) }), 20)) {
    assertEquals(batches.length, 31);
    assert(batches.flat().length >= 990, `${batches.flat().length} of 1000 drawn`);
  }
  // A hundred of each query and of each answer: only perfect matchings would fill all batches.
  const grid = Array.from({ length: 1000 }, (_, i) => [i % 10, `${Math.floor(i / 10) % 10}`]);
  for (const batches of draw(noDuplicateBatches({ values: grid, batchSize: 10, key: key(0) }), 5)) {
    assert(batches.flat().length >= 940, `${batches.flat().length} of 1000 drawn`);
  }
});

Deno.test("noDuplicateBatches() asks a bounded number of times for each example, also of hard cases", () => {
  const count = (values: NoDuplicateBatchesOptions["values"], batchSize: number) => {
    const sampler = noDuplicateBatches({ values, batchSize, key: key(0) });
    const has = Set.prototype.has;
    let asked = 0;
    try {
      Set.prototype.has = function (value) {
        asked++;
        return has.call(this, value);
      };
      sampler.next();
    } finally {
      Set.prototype.has = has;
    }
    return asked;
  };
  for (const n of [1000, 4000]) {
    const rows = [...Array(n).keys()];
    // One value that half of the examples share.
    const half = rows.map((i) => i % 2 ? i : "yes");
    assertLessOrEqual(count(half, 10), n);
    // Half of the examples share one of their values, half of all another one.
    const both = rows.map((i) => [i % 2 ? i : "yes", i % 3 ? `${i}` : "no"]);
    assertLessOrEqual(count(both, 10), 16 * 2 * n);
    // Every two examples share a value with a third, so that nearly every offer is refused.
    const side = Math.ceil(Math.sqrt(n));
    const grid = rows.map((i) => [i % side, `${Math.floor(i / side)}`]);
    assertLessOrEqual(count(grid, side), 16 * 2 * n);
  }
});

Deno.test("noDuplicateBatches() leaves out all examples equally often, and lets them meet equally often", () => {
  const values = Array.from({ length: 21 }, (_, i) => i >> 1);
  const epochs = 3000;
  const batches = draw(noDuplicateBatches({ values, batchSize: 5, key: key(2) }), epochs).flat();
  assertEquals(batches.length, 4 * epochs);
  assertEven(tally(batches.flat(), 21).slice(0, 20), epochs);
  const met = tally(batches.flatMap((batch) => batch.flatMap((a) => batch.map((b) => a * 21 + b))), 441);
  assertEven(met.filter((_, pair) => values[Math.floor(pair / 21)]! < values[pair % 21]! && pair % 21 < 20), epochs);
});

Deno.test("noDuplicateBatches() goes on from each of its states, and shuffles", () => {
  fc.assert(
    fc.property(
      casesOf(several),
      (options) => assertResumes((state?: NoDuplicateBatchesState) => noDuplicateBatches({ ...options, state })),
    ),
    { numRuns: 20 },
  );
  const values = Array.from({ length: 100 }, (_, i) => [i % 40, `${i % 51}`]);
  assertShuffles((seed) => noDuplicateBatches({ values, batchSize: 8, key: key(seed) }));
});

Deno.test("noDuplicateBatches() tells values apart as they are", () => {
  const batchesOf = (values: readonly Own[]) =>
    noDuplicateBatches({ values, batchSize: 2, key: key(0) }).batchesPerEpoch;
  assertEquals(batchesOf([1, "1"]), 1);
  assertEquals(batchesOf([0, -1]), 1);
  assertEquals(batchesOf([[], []]), 1);
  assertEquals(batchesOf([["a", "a"], ["b", "b"]]), 1);
  assertThrows(() => batchesOf([0, -0]), RangeError, "at most 1 share no value");
  assertThrows(() => batchesOf([["a", "b"], "b"]), RangeError, "at most 1 share no value");
});

Deno.test("noDuplicateBatches() rejects what it cannot draw, and states of other data", () => {
  const options: NoDuplicateBatchesOptions = { values: ["a", "b", "b", 3], batchSize: 3, key: key(0) };
  const make = (change: Partial<NoDuplicateBatchesOptions>) => () => noDuplicateBatches({ ...options, ...change });
  assertThrows(make({ batchSize: 1 }), RangeError, "batchSize is 1, expected an integer from 2");
  assertThrows(make({ batchSize: 4 }), RangeError, "batchSize is 4, but of 4 examples at most 3 share no value");
  assertThrows(make({ values: [] }), RangeError, "of 0 examples at most 0");
  assertThrows(make({ values: ["a", ["b", NaN]] }), RangeError, "values[1] has NaN, expected a finite number or a");
  assertThrows(make({ values: [undefined as unknown as string] }), RangeError, "values[0] has undefined");
  const { state } = make({})();
  assertThrows(make({ state, values: ["a", "b", "b", 4] }), RangeError, "values of the state is");
  assertThrows(make({ state, values: ["a", "b", ["b"], 3] }), RangeError, "values of the state is");
  assertThrows(make({ state, batchSize: 2 }), RangeError, "batchSize of the state is 3, expected 2");
});
