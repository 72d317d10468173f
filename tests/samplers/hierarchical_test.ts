import { assert, assertEquals, assertThrows } from "@std/assert";
import { fc } from "../support/properties.ts";
import { key } from "../../core/mod.ts";
import {
  hierarchicalBatches,
  type HierarchicalBatchesOptions,
  type HierarchicalBatchesState,
} from "../../samplers/mod.ts";
import { assertEven, assertResumes, assertShuffles, draw, labelings, spread, tally } from "./_contract.ts";

/** Options that are possible, of classes whose super-class is their label modulo some number. */
const cases = fc.record({
  labels: labelings({ classes: { min: 4, max: 14 }, sizes: { min: 1, max: 6 } }),
  trees: fc.integer({ min: 1, max: 4 }),
  small: fc.constantFrom("skip" as const, "repeat" as const),
  perClass: fc.integer({ min: 1, max: 3 }),
  classes: fc.integer({ min: 2, max: 4 }),
  superClasses: fc.integer({ min: 1, max: 3 }),
  seed: fc.nat(),
}).map(({ labels, trees, seed, ...rest }): HierarchicalBatchesOptions => ({
  ...rest,
  labels,
  superLabels: labels.map((label) => ((label / 3) % trees) * 2),
  key: key(seed),
})).filter(({ superClasses, ...rest }) => usable(rest).size >= superClasses);

/** The classes that can be used, by super-class. */
function usable(
  { labels, superLabels, perClass, classes, small }: Omit<HierarchicalBatchesOptions, "superClasses">,
): Map<number, number[]> {
  const all = Array.from(labels);
  const counts = all.map((label) => all.filter((other) => other === label).length);
  if (Math.max(...counts) < perClass) return new Map();
  const trees = new Map<number, number[]>();
  for (const label of new Set(all)) {
    const first = all.indexOf(label);
    if (small === "skip" && counts[first]! < perClass) continue;
    trees.set(superLabels[first]!, [...trees.get(superLabels[first]!) ?? [], label]);
  }
  return new Map([...trees].filter(([_, tree]) => tree.length >= classes));
}

Deno.test("hierarchicalBatches() draws S super-classes, P classes of each and K examples of each class", () => {
  fc.assert(fc.property(cases, (options) => {
    const { labels, superLabels, superClasses, classes, perClass } = options;
    for (const batch of draw(hierarchicalBatches(options), 3).flat()) {
      assertEquals(batch.length, superClasses * classes * perClass);
      const supers = new Set(batch.map((row) => superLabels[row]));
      assertEquals(supers.size, superClasses);
      for (const tree of supers) {
        const drawn = new Set(batch.filter((row) => superLabels[row] === tree).map((row) => labels[row]));
        assertEquals(drawn.size, classes);
        for (const label of drawn) {
          const rows = batch.filter((row) => labels[row] === label);
          assertEquals(rows.length, perClass);
          const size = Array.from(labels).filter((other) => other === label).length;
          assertEquals(new Set(rows).size, Math.min(perClass, size));
        }
      }
    }
  }));
});

Deno.test("hierarchicalBatches() draws equally often super-classes, their classes and the examples of those", () => {
  fc.assert(fc.property(cases, (options) => {
    const { labels, classes, perClass } = options;
    const sampler = hierarchicalBatches(options);
    const counts = new Array<number>(labels.length).fill(0);
    const countOf = (label: number) => counts.reduce((sum, n, row) => sum + (labels[row] === label ? n : 0), 0);
    for (let epoch = 0; epoch < 4; epoch++) {
      for (const batch of sampler.epoch()) for (const row of batch) counts[row]!++;
      const trees = [...usable(options).values()];
      const visits = trees.map((tree) => tree.map((label) => countOf(label) / perClass));
      assert(spread(visits.map((tree) => tree.reduce((sum, n) => sum + n, 0))) <= classes);
      for (const tree of visits) assert(spread(tree) <= 1);
      for (const label of trees.flat()) assert(spread(counts.filter((_, row) => labels[row] === label)) <= 1);
    }
  }));
});

Deno.test("hierarchicalBatches() lets classes and examples of different super-classes meet equally often", () => {
  // Two super-classes with four classes of three examples.
  const labels = Array.from({ length: 24 }, (_, i) => i % 8);
  const superLabels = labels.map((label) => label % 2);
  const options = { labels, superLabels, superClasses: 2, classes: 2, perClass: 1, key: key(0) };
  const batches = draw(hierarchicalBatches(options), 500).flat();
  const met = tally(batches.flatMap((batch) => batch.flatMap((a) => batch.map((b) => a * 24 + b))), 576);
  const across = met.filter((_, pair) => superLabels[Math.floor(pair / 24)]! < superLabels[pair % 24]!);
  assertEquals(across.length, 144);
  assertEven(across, batches.length);
});

Deno.test("hierarchicalBatches() goes on from each of its states, and shuffles", () => {
  fc.assert(
    fc.property(
      cases,
      (options) => assertResumes((state?: HierarchicalBatchesState) => hierarchicalBatches({ ...options, state })),
    ),
    { numRuns: 30 },
  );
  const labels = Array.from({ length: 96 }, (_, i) => i % 24);
  const superLabels = labels.map((label) => label % 6);
  assertShuffles((seed) =>
    hierarchicalBatches({ labels, superLabels, superClasses: 2, classes: 2, perClass: 2, key: key(seed) })
  );
});

Deno.test("hierarchicalBatches() draws as many examples an epoch as can be used", () => {
  const labels = [0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 4, 4, 4, 5];
  const superLabels = labels.map((label) => label < 2 ? 0 : label < 4 ? -1 : 7);
  const options = { labels, superLabels, superClasses: 1, classes: 2, perClass: 2, key: key(0) };
  // Of super-class 7 only one class has two examples: 10 examples are left.
  assertEquals(hierarchicalBatches(options).batchesPerEpoch, 2);
  assertEquals(hierarchicalBatches({ ...options, small: "repeat" }).batchesPerEpoch, 3);
  assertEquals(hierarchicalBatches({ ...options, batchesPerEpoch: 9 }).batchesPerEpoch, 9);
});

Deno.test("hierarchicalBatches() rejects what it cannot draw", () => {
  const options: HierarchicalBatchesOptions = {
    labels: [0, 0, 1, 1, 2, 2, 3, 3],
    superLabels: [0, 0, 0, 0, -4, -4, -4, -4],
    superClasses: 2,
    classes: 2,
    perClass: 2,
    key: key(0),
  };
  const make = (change: Partial<HierarchicalBatchesOptions>) => () => hierarchicalBatches({ ...options, ...change });
  assertEquals(make({})().batchesPerEpoch, 1);
  assertThrows(make({ superClasses: 0 }), RangeError, "superClasses is 0, expected an integer from 1");
  assertThrows(make({ superClasses: 3 }), RangeError, "superClasses is 3, but 2 have at least 2 classes that can be");
  assertThrows(make({ classes: 1 }), RangeError, "classes is 1, expected an integer from 2");
  assertThrows(make({ classes: 3 }), RangeError, "superClasses is 2, but 0 have at least 3 classes");
  assertThrows(make({ perClass: 3 }), RangeError, "perClass is 3, but the largest class has 2 examples");
  assertThrows(make({ perClass: 0.5 }), RangeError, "perClass is 0.5");
  assertThrows(make({ batchesPerEpoch: -1 }), RangeError, "batchesPerEpoch is -1");
  assertThrows(make({ superLabels: [0, 0] }), RangeError, "superLabels has 2 entries, expected 8 as labels");
  assertThrows(make({ superLabels: [0, 0, 0, 0, 1, 1, 1, 0.1] }), RangeError, "superLabels[7] is 0.1");
  assertThrows(
    make({ superLabels: [0, 0, 0, 0, 1, 1, 5, 1] }),
    RangeError,
    "examples 6 and 7 of class 3 have superLabels 5 and 1, expected one for the whole class",
  );
  assertThrows(make({ labels: [3, 3, 3, 3, 3, 3, 3, 3] }), RangeError, "examples 0 and 4 of class 3");
});

Deno.test("hierarchicalBatches() rejects a state that belongs to something else", () => {
  const labels = [0, 0, 1, 1, 2, 2, 3, 3];
  const options = {
    labels,
    superLabels: labels.map((l) => l >> 1),
    superClasses: 1,
    classes: 2,
    perClass: 1,
    key: key(0),
  };
  const { state } = hierarchicalBatches(options);
  const resume = (change: Partial<HierarchicalBatchesOptions>) => () =>
    hierarchicalBatches({ ...options, state, ...change });
  assertThrows(resume({ superLabels: labels.map((label) => label & 1) }), RangeError, "superLabels of the state is");
  assertThrows(resume({ perClass: 2 }), RangeError, "perClass of the state is 1, expected 2");
  assertThrows(resume({ superClasses: 2 }), RangeError, "superClasses of the state is 1, expected 2");
});
