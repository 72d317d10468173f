import { assert, assertEquals, assertThrows } from "@std/assert";
import { fc } from "../support/properties.ts";
import { key } from "../../core/mod.ts";
import { classBatches, type ClassBatchesOptions, type ClassBatchesState } from "../../samplers/mod.ts";
import { assertEven, assertResumes, assertShuffles, draw, labelings, spread, tally } from "./_contract.ts";

const sizesOf = (labels: readonly number[]) =>
  [...new Set(labels)].map((label) => labels.filter((other) => other === label).length);

/** Options that are possible. */
const cases = fc.record({
  labels: labelings({ classes: { min: 2, max: 7 }, sizes: { min: 1, max: 9 } }),
  small: fc.constantFrom("skip" as const, "repeat" as const),
  seed: fc.nat(),
}).chain(({ labels, small, seed }) => {
  const sizes = sizesOf(labels).sort((x, y) => y - x);
  return fc.integer({ min: 1, max: small === "skip" ? sizes[1]! : sizes[0]! }).chain((perClass) => {
    const usable = small === "skip" ? sizes.filter((size) => size >= perClass).length : sizes.length;
    return fc.integer({ min: 2, max: usable }).map((classes): ClassBatchesOptions => ({
      labels,
      small,
      perClass,
      classes,
      key: key(seed),
    }));
  });
});

Deno.test("classBatches() draws P classes with K different examples each", () => {
  fc.assert(fc.property(cases, (options) => {
    const { labels, classes, perClass, small } = options;
    for (const batch of draw(classBatches(options), 3).flat()) {
      assertEquals(batch.length, classes * perClass);
      const drawn = new Set(batch.map((row) => labels[row]!));
      assertEquals(drawn.size, classes);
      for (const label of drawn) {
        const rows = batch.filter((row) => labels[row] === label);
        assertEquals(rows.length, perClass);
        const size = Array.from(labels).filter((other) => other === label).length;
        assert(small === "repeat" || size >= perClass);
        const repeats = [...new Set(rows)].map((row) => rows.filter((other) => other === row).length);
        assertEquals(new Set(rows).size, Math.min(size, perClass));
        assert(spread(repeats) <= 1);
      }
    }
  }));
});

Deno.test("classBatches() draws classes equally often, and the examples of each", () => {
  fc.assert(fc.property(cases, (options) => {
    const { labels, perClass, small } = options;
    const sampler = classBatches(options);
    const counts = new Array<number>(labels.length).fill(0);
    const all = Array.from(labels);
    const usable = [...new Set(all)].filter((label) =>
      small === "repeat" || all.filter((other) => other === label).length >= perClass
    );
    for (let epoch = 0; epoch < 5; epoch++) {
      for (const batch of sampler.epoch()) {
        for (const row of batch) counts[row]!++;
        for (const label of usable) assert(spread(counts.filter((_, row) => labels[row] === label)) <= 1);
      }
      const visits = usable.map((label) => counts.reduce((sum, n, row) => sum + (labels[row] === label ? n : 0), 0));
      assert(spread(visits) <= perClass);
    }
  }));
});

Deno.test("classBatches() draws as many examples an epoch as there are, or as many batches as it is told", () => {
  const labels = [0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 7];
  const options = { labels, classes: 2, perClass: 2, key: key(0) };
  assertEquals(classBatches(options).batchesPerEpoch, 2);
  assertEquals(classBatches({ ...options, small: "repeat" }).batchesPerEpoch, 3);
  assertEquals(
    classBatches({ labels: [4, 5, 5], classes: 2, perClass: 2, small: "repeat", key: key(0) }).batchesPerEpoch,
    1,
  );
  const sampler = classBatches({ ...options, batchesPerEpoch: 7 });
  assertEquals([sampler.batchesPerEpoch, draw(sampler).flat().length], [7, 7]);
});

Deno.test("classBatches() lets all classes meet equally often", () => {
  const labels = Array.from({ length: 60 }, (_, i) => i % 6);
  const sampler = classBatches({ labels, classes: 2, perClass: 1, key: key(3) });
  const batches = draw(sampler, 100).flat();
  const pairs = batches.map(([a, b]) => Math.min(labels[a!]!, labels[b!]!) * 6 + Math.max(labels[a!]!, labels[b!]!));
  const counts = tally(pairs, 36).filter((_, pair) => Math.floor(pair / 6) < pair % 6);
  assertEquals(counts.length, 15);
  assertEven(counts, batches.length);
});

Deno.test("classBatches() lets examples of a class meet equally often", () => {
  const labels = Array.from({ length: 14 }, (_, i) => i % 2);
  const batches = draw(classBatches({ labels, classes: 2, perClass: 3, key: key(4), batchesPerEpoch: 10 }), 400).flat();
  const pairs = batches.flatMap((batch) => {
    const [a, b, c] = batch.filter((row) => labels[row] === 1).map((row) => (row - 1) / 2).sort();
    return [a! * 7 + b!, a! * 7 + c!, b! * 7 + c!];
  });
  const counts = tally(pairs, 49).filter((_, pair) => Math.floor(pair / 7) < pair % 7);
  assertEquals(counts.length, 21);
  // Draws of one round are not independent of each other: three standard deviations make up for it.
  assertEven(counts.map((count) => count / 3), batches.length / 3);
});

Deno.test("classBatches() lets examples of different classes meet equally often", () => {
  const labels = Array.from({ length: 14 }, (_, i) => i % 2);
  const batches = draw(classBatches({ labels, classes: 2, perClass: 1, key: key(5) }), 700).flat();
  const counts = tally(batches.map(([a, b]) => Math.min(a!, b!) * 14 + Math.max(a!, b!)), 196)
    .filter((_, pair) => Math.floor(pair / 14) < pair % 14 && labels[Math.floor(pair / 14)] !== labels[pair % 14]);
  assertEquals(counts.length, 49);
  assertEven(counts, batches.length);
});

Deno.test("classBatches() goes on from each of its states, and shuffles", () => {
  fc.assert(
    fc.property(cases, (options) => assertResumes((state?: ClassBatchesState) => classBatches({ ...options, state }))),
    { numRuns: 30 },
  );
  const labels = Array.from({ length: 80 }, (_, i) => i % 8);
  assertShuffles((seed) => classBatches({ labels, classes: 4, perClass: 2, key: key(seed) }));
});

Deno.test("classBatches() draws by what labels are equal, not by which they are", () => {
  const labels = [-7, 0, -7, 0, 12, 12, 0];
  const options = { classes: 2, perClass: 2, key: key(0) };
  const others = labels.map((label) => 100 - label);
  assertEquals(draw(classBatches({ ...options, labels })), draw(classBatches({ ...options, labels: others })));
  assertEquals(
    draw(classBatches({ ...options, labels })),
    draw(classBatches({ ...options, labels: Int32Array.from(labels) })),
  );
});

Deno.test("classBatches() rejects what it cannot draw", () => {
  const options: ClassBatchesOptions = { labels: [0, 0, -1, -1, -1, 5], classes: 2, perClass: 2, key: key(0) };
  const make = (change: Partial<ClassBatchesOptions>) => () => classBatches({ ...options, ...change });
  assertThrows(make({ labels: [0, 0.5] }), RangeError, "labels[1] is 0.5, expected an integer");
  assertThrows(make({ labels: [NaN] }), RangeError, "labels[0] is NaN");
  assertThrows(make({ classes: 1 }), RangeError, "classes is 1, expected an integer from 2");
  assertThrows(make({ perClass: 0 }), RangeError, "perClass is 0, expected an integer from 1");
  assertThrows(make({ batchesPerEpoch: 0 }), RangeError, "batchesPerEpoch is 0, expected");
  assertThrows(make({ perClass: 4 }), RangeError, "perClass is 4, but the largest class has 3 examples");
  assertThrows(make({ perClass: 4, small: "repeat" }), RangeError, "the largest class has 3 examples");
  assertThrows(make({ labels: [] }), RangeError, "the largest class has 0 examples");
  assertThrows(make({ classes: 3 }), RangeError, "classes is 3, but 2 can be used, those of at least 2 examples");
  assertThrows(make({ classes: 4, small: "repeat" }), RangeError, "classes is 4, but 3 can be used; expected");
  assertThrows(make({ labels: [3, 3, 3, 3] }), RangeError, "classes is 2, but 1 can be used");
  assertThrows(make({ small: "drop" as "skip" }), RangeError, 'small is drop, expected "skip" or "repeat"');
});

Deno.test("classBatches() rejects a state that belongs to something else", () => {
  const options = { labels: [0, 0, -1, -1, -1, 5], classes: 2, perClass: 2, key: key(0) };
  const { state } = classBatches(options);
  const resume = (change: Partial<ClassBatchesOptions>) => () => classBatches({ ...options, state, ...change });
  assertThrows(
    resume({ labels: [0, 0, -1, -1, 5, 5] }),
    RangeError,
    "Cannot resume class batches: labels of the state",
  );
  assertThrows(resume({ perClass: 1 }), RangeError, "perClass of the state is 2, expected 1 as in the options");
  assertThrows(resume({ small: "repeat" }), RangeError, "small of the state is skip, expected repeat");
  assertThrows(resume({ batchesPerEpoch: 9 }), RangeError, "batchesPerEpoch of the state is 1, expected 9");
  assertThrows(resume({ key: key(1) }), RangeError, "key of the state");
  assertThrows(resume({ state: { ...state, batch: 1 } }), RangeError, "batch is 1, expected an integer from 0 to 0");
});
