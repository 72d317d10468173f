import { assert, assertEquals, assertThrows } from "@std/assert";
import { fc } from "../support/properties.ts";
import { key } from "../../core/mod.ts";
import {
  groupByLabelBatches,
  type GroupByLabelBatchesOptions,
  type GroupByLabelBatchesState,
} from "../../samplers/mod.ts";
import { assertEven, assertResumes, assertShuffles, draw, labelings, tally } from "./_contract.ts";

const cases = fc.record({
  labels: labelings({ classes: { min: 1, max: 9 }, sizes: { min: 1, max: 20 } }),
  size: fc.integer({ min: 2, max: 6 }),
  seed: fc.nat(),
}).filter(({ labels, size }) => {
  const pairs = pairCounts(labels);
  return pairs.length > 1 && pairs.reduce((sum, count) => sum + count, 0) >= size;
}).map(({ labels, size, seed }): GroupByLabelBatchesOptions => ({ labels, batchSize: 2 * size, key: key(seed) }));

function pairCounts(labels: readonly number[]): number[] {
  const counts = [...new Set(labels)].map((label) => labels.filter((other) => other === label).length);
  return counts.map((count) => Math.floor(count / 2)).filter((count) => count > 0);
}

Deno.test("groupByLabelBatches() never draws a batch of one label, nor a label alone", () => {
  fc.assert(fc.property(cases, (options) => {
    const sampler = groupByLabelBatches(options);
    for (const batches of draw(sampler, 3)) {
      assertEquals(batches.length, sampler.batchesPerEpoch);
      assertEquals(new Set(batches.flat()).size, batches.length * options.batchSize);
      for (const batch of batches) {
        assertEquals(batch.length, options.batchSize);
        const labels = batch.map((row) => options.labels[row]!);
        assert(new Set(labels).size >= 2);
        for (const label of labels) assert(labels.filter((other) => other === label).length >= 2);
      }
    }
  }));
});

Deno.test("groupByLabelBatches() fills as many batches as there can be", () => {
  /** The most disjoint couples of pairs of different labels, by trying them all. */
  const most = (pairs: readonly number[]): number => {
    let best = 0;
    pairs.forEach((a, i) =>
      pairs.forEach((b, j) => {
        if (i < j && a > 0 && b > 0) {
          best = Math.max(best, 1 + most(pairs.map((n, label) => label === i || label === j ? n - 1 : n)));
        }
      })
    );
    return best;
  };
  const small = labelings({ classes: { min: 2, max: 4 }, sizes: { min: 2, max: 6 } });
  fc.assert(fc.property(small, (labels) => {
    assertEquals(groupByLabelBatches({ labels, batchSize: 4, key: key(0) }).batchesPerEpoch, most(pairCounts(labels)));
  }));
});

Deno.test("groupByLabelBatches() leaves out little but of a label that outweighs all others", () => {
  fc.assert(fc.property(cases, (options) => {
    const [drawn] = draw(groupByLabelBatches(options));
    const pairs = pairCounts(Array.from(options.labels));
    const size = options.batchSize / 2;
    const total = pairs.reduce((sum, count) => sum + count, 0);
    const others = total - Math.max(...pairs);
    // Each batch needs a pair of another label.
    assertEquals(drawn!.length, Math.min(Math.floor(total / size), others));
  }));
});

Deno.test("groupByLabelBatches() shows in a batch about the share of each label", () => {
  const labels = [...new Array(60).fill(-1), ...new Array(30).fill(0), ...new Array(30).fill(1)];
  for (const batch of draw(groupByLabelBatches({ labels, batchSize: 24, key: key(0) }), 5).flat()) {
    const count = batch.filter((row) => labels[row] === -1).length;
    assert(count >= 10 && count <= 14, `${count} of label -1 among 24`);
  }
});

Deno.test("groupByLabelBatches() leaves out all examples equally often, and pairs them equally often", () => {
  const labels = [0, 0, 0, 0, 0, 3, 3, 3, 3, 3, -2, -2, -2, -2, -2, 9];
  const epochs = 2000;
  const batches = draw(groupByLabelBatches({ labels, batchSize: 8, key: key(1) }), epochs).flat();
  assertEquals(batches.length, epochs);
  const seen = tally(batches.flat(), 16);
  assertEquals(seen.pop(), 0);
  assertEven(seen, epochs);
  const together = tally(batches.flatMap((batch) => batch.flatMap((a) => batch.map((b) => a * 16 + b))), 256);
  const across = together.filter((_, pair) => labels[pair >> 4] === 0 && labels[pair & 15] === 3);
  assertEquals(across.length, 25);
  assertEven(across, epochs);
});

Deno.test("groupByLabelBatches() goes on from each of its states, and shuffles", () => {
  fc.assert(
    fc.property(
      cases,
      (options) => assertResumes((state?: GroupByLabelBatchesState) => groupByLabelBatches({ ...options, state })),
    ),
    { numRuns: 30 },
  );
  const labels = Array.from({ length: 100 }, (_, i) => i % 7);
  assertShuffles((seed) => groupByLabelBatches({ labels, batchSize: 8, key: key(seed) }));
});

Deno.test("groupByLabelBatches() rejects what it cannot draw, and states of other data", () => {
  const options: GroupByLabelBatchesOptions = { labels: [0, 0, -1, -1, 5], batchSize: 4, key: key(0) };
  const make = (change: Partial<GroupByLabelBatchesOptions>) => () => groupByLabelBatches({ ...options, ...change });
  assertThrows(make({ batchSize: 2 }), RangeError, "batchSize is 2, expected an integer from 4");
  assertThrows(make({ batchSize: 5 }), RangeError, "batchSize is 5, expected an even number");
  assertThrows(make({ labels: [1, 1.5] }), RangeError, "labels[1] is 1.5, expected an integer");
  assertThrows(
    make({ labels: [7, 7, 7, 7, 7, 0] }),
    RangeError,
    "batchSize is 4, but there are 2 pairs of 1 labels; expected at least 2 pairs of at least 2 labels",
  );
  assertThrows(make({ labels: [1, 2, 3, 4] }), RangeError, "there are 0 pairs of 0 labels");
  assertThrows(make({ batchSize: 6 }), RangeError, "there are 2 pairs of 2 labels; expected at least 3 pairs");
  assertThrows(make({ labels: [] }), RangeError, "there are 0 pairs");
  const { state } = make({})();
  assertThrows(make({ state, labels: [0, 0, -1, -1, -1] }), RangeError, "labels of the state is");
  assertThrows(make({ state: { ...state, batchSize: 8 } }), RangeError, "batchSize of the state is 8, expected 4");
});
