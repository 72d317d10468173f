import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { fc } from "../support/properties.ts";
import { key } from "../../core/mod.ts";
import { epochs, type EpochsState } from "../../samplers/mod.ts";

const sizes = fc.integer({ min: 1, max: 60 }).chain((examples) =>
  fc.record({
    examples: fc.constant(examples),
    batchSize: fc.integer({ min: 1, max: examples }),
    key: fc.nat().map(key),
    dropLast: fc.boolean(),
  })
);
const ascending = (list: Iterable<number>) => [...list].sort((x, y) => x - y);

Deno.test("epochs() draws each example once an epoch", () => {
  fc.assert(fc.property(sizes, (options) => {
    const sampler = epochs(options);
    const { examples, batchSize, dropLast } = options;
    for (let epoch = 0; epoch < 3; epoch++) {
      assertEquals(sampler.state.epoch, epoch);
      const batches = [...sampler.epoch()];
      assertEquals(batches.length, sampler.batchesPerEpoch);
      const drawn = batches.flatMap((batch) => [...batch]);
      assertEquals(new Set(drawn).size, drawn.length);
      assert(drawn.every((index) => Number.isInteger(index) && index >= 0 && index < examples));
      assertEquals(drawn.length, dropLast ? examples - examples % batchSize : examples);
      assert(batches.slice(0, -1).every((batch) => batch.length === batchSize));
    }
  }));
});

Deno.test("epochs() goes on from its state at any batch, as JSON brings it back", () => {
  fc.assert(fc.property(sizes, fc.nat({ max: 40 }), (options, before) => {
    const sampler = epochs(options);
    for (let i = 0; i < before; i++) sampler.next();
    const state = JSON.parse(JSON.stringify(sampler.state)) as EpochsState;
    const resumed = epochs({ ...options, state });
    assertEquals(resumed.state, sampler.state);
    for (let i = 0; i < 2 * sampler.batchesPerEpoch; i++) assertEquals(resumed.next(), sampler.next());
  }));
});

Deno.test("epochs() shuffles anew in each epoch and for each key", () => {
  const options = { examples: 100, batchSize: 10, key: key(1) };
  const sampler = epochs(options);
  const [first, second] = [[...sampler.epoch()], [...sampler.epoch()]];
  assertNotEquals(first, second);
  assertEquals(ascending(first.flatMap((batch) => [...batch])), ascending(second.flatMap((batch) => [...batch])));
  assertEquals([...epochs(options).epoch()], first);
  assertNotEquals([...epochs({ ...options, key: key(2) }).epoch()], first);
});

Deno.test("epochs() leaves out other examples each time", () => {
  const sampler = epochs({ examples: 11, batchSize: 10, key: key(0) });
  const left = Array.from({ length: 60 }, () => {
    const drawn = new Set(sampler.next());
    return ascending(Array(11).keys()).find((index) => !drawn.has(index))!;
  });
  assert(new Set(left).size >= 9, `left out: ${left}`);
});

Deno.test("epochs() puts each example at each place equally often", () => {
  const examples = 6;
  const sampler = epochs({ examples, batchSize: examples, key: key(5) });
  const counts = new Float64Array(examples * examples);
  const rounds = 3600;
  for (let i = 0; i < rounds; i++) sampler.next().forEach((index, place) => counts[place * examples + index]!++);
  // Chi-squared with 25 degrees of freedom: mean 25, standard deviation 7.1.
  const expected = rounds / examples;
  const chiSquared = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  assert(chiSquared < 25 + 5 * 7.1, `chi-squared is ${chiSquared}`);
});

Deno.test("epochs() never ends as an iterable, and gives batches that the caller may change", () => {
  const options = { examples: 5, batchSize: 5, key: key(0) };
  const [sampler, untouched] = [epochs(options), epochs(options)];
  let seen = 0;
  for (const batch of sampler) {
    assertEquals(batch, untouched.next());
    batch.fill(-1);
    if (++seen === 7) break;
  }
  assertEquals(sampler.state.epoch, 7);
});

Deno.test("epochs() gives what is left of an epoch after next()", () => {
  const sampler = epochs({ examples: 10, batchSize: 2, key: key(0) });
  const first = [sampler.next(), sampler.next()];
  const rest = [...sampler.epoch()];
  assertEquals(rest.length, 3);
  assertEquals(ascending([...first, ...rest].flatMap((batch) => [...batch])), [...Array(10).keys()]);
  assertEquals(sampler.state.batch, 0);
});

Deno.test("epochs() rejects impossible sizes", () => {
  for (const size of [0, -1, 1.5, NaN, Infinity, 2 ** 31]) {
    assertThrows(() => epochs({ examples: size, batchSize: 1, key: key(0) }), RangeError, `examples is ${size}`);
    assertThrows(() => epochs({ examples: 10, batchSize: size, key: key(0) }), RangeError, `batchSize is ${size}`);
  }
  for (const dropLast of [true, false]) {
    assertThrows(
      () => epochs({ examples: 3, batchSize: 4, key: key(0), dropLast }),
      RangeError,
      "batchSize is 4, but there are 3 examples; expected at most as many",
    );
  }
});

Deno.test("epochs() rejects a state that belongs to something else", () => {
  const options = { examples: 10, batchSize: 5, key: key(0) };
  const state = epochs(options).state;
  const resume = (change: Partial<EpochsState>) => () => epochs({ ...options, state: { ...state, ...change } });
  assertThrows(resume({ examples: 11 }), RangeError, "examples of the state is 11, expected 10");
  assertThrows(resume({ batchSize: 2 }), RangeError, "batchSize of the state is 2, expected 5");
  assertThrows(resume({ key: [1, 2] }), RangeError, "key of the state is 1,2");
  assertThrows(resume({ epoch: -1 }), RangeError, "epoch is -1");
  assertThrows(resume({ epoch: 0.5 }), RangeError, "epoch is 0.5");
  assertThrows(resume({ batch: 2 }), RangeError, "batch is 2, expected an integer from 0 to 1");
  assertThrows(resume({ batch: NaN }), RangeError, "batch is NaN");
});
