import { assert, assertEquals, assertLessOrEqual, assertNotEquals, assertThrows } from "@std/assert";
import { fc } from "../support/properties.ts";
import { fold, key, permutation } from "../../core/mod.ts";
import {
  hardNegativeBatches,
  type HardNegativeBatchesOptions,
  type HardNegativeBatchesState,
  type HardNegatives,
} from "../../samplers/mod.ts";
import { assertResumes, assertShuffles, draw, tally } from "./_contract.ts";

/** Random negatives: some rows end early, some name references that are no examples. */
function randomNegatives(seed: number, examples: number, width: number, labels?: readonly number[]): HardNegatives {
  const rows = Array.from({ length: examples }, (_, row) => {
    const order = [...permutation(fold(key(seed), row), examples + 3)];
    const own = order.filter((other) => other !== row && !(labels && labels[other] === labels[row]));
    return Array.from({ length: width }, (_, i) => i < width - row % 2 ? own[i] ?? -1 : -1);
  });
  return {
    indices: Int32Array.from(rows.flat()),
    width,
    ...(labels && { labels: Int32Array.from(labels) }),
  };
}

/** Each example's hard negatives are those that follow it in a ring. */
function ring(examples: number, width = 1): HardNegatives {
  return {
    indices: Int32Array.from(
      { length: examples * width },
      (_, i) => (Math.floor(i / width) + 1 + i % width) % examples,
    ),
    width,
  };
}

const cases = fc.record({
  examples: fc.integer({ min: 8, max: 40 }),
  width: fc.integer({ min: 1, max: 6 }),
  batchSize: fc.integer({ min: 2, max: 6 }),
  random: fc.constantFrom(0, 0.3, 0.5, 1),
  classes: fc.option(fc.integer({ min: 8, max: 12 })),
  seed: fc.nat(),
}).map(({ examples, width, classes, seed, ...rest }): HardNegativeBatchesOptions => {
  const labels = classes === null ? undefined : Array.from({ length: examples + 3 }, (_, i) => i % classes - 4);
  return { ...rest, negatives: randomNegatives(seed, examples, width, labels), key: key(seed) };
});

Deno.test("hardNegativeBatches() draws each example at most once an epoch, and no two of a label into a batch", () => {
  fc.assert(fc.property(cases, (options) => {
    const { indices, width, labels } = options.negatives;
    const examples = indices.length / width;
    const sampler = hardNegativeBatches(options);
    for (const batches of draw(sampler, 3)) {
      assertEquals(batches.length, sampler.batchesPerEpoch);
      assertEquals(new Set(batches.flat()).size, batches.flat().length);
      assert(batches.flat().every((row) => row >= 0 && row < examples));
      for (const batch of batches) {
        if (labels) {
          assert(batch.length >= 1 && batch.length <= options.batchSize);
          assertEquals(new Set(batch.map((row) => labels[row])).size, batch.length);
        } else {
          assertEquals(batch.length, options.batchSize);
        }
      }
      if (!labels) assertEquals(batches.length, Math.floor(examples / options.batchSize));
    }
  }));
});

Deno.test("hardNegativeBatches() lets each example bring its hardest unused negative, or those before it theirs", () => {
  fc.assert(fc.property(cases, (options) => {
    const { negatives: { indices, width, labels }, batchSize, random = 0.5 } = options;
    const walked = batchSize - Math.round(random * batchSize);
    const used = new Set<number>();
    for (const batch of draw(hardNegativeBatches(options))[0]!) {
      const forerunners: number[] = [];
      batch.forEach((row, place) => {
        if (place >= 1 && place <= walked) {
          const bears = (other: number) => labels && batch.slice(0, place).some((old) => labels[old] === labels[other]);
          const bring = (from: number) =>
            [...indices.subarray(from * width, (from + 1) * width)]
              .find((other) => other >= 0 && other < indices.length / width && !used.has(other) && !bears(other));
          while (forerunners.length > 0 && bring(forerunners.at(-1)!) === undefined) forerunners.pop();
          const last = forerunners.at(-1);
          if (last !== undefined) assertEquals(row, bring(last), `place ${place} of ${batch}`);
        }
        used.add(row);
        forerunners.push(row);
      });
    }
  }));
});

Deno.test("hardNegativeBatches() draws the given share at random, and at least one", () => {
  const steps = (random: number) => {
    const sampler = hardNegativeBatches({ negatives: ring(1000), batchSize: 10, random, key: key(0) });
    const batch = [...sampler.next()];
    return batch.filter((row, place) => place > 0 && row === (batch[place - 1]! + 1) % 1000).length;
  };
  assertEquals([0, 0.1, 0.3, 0.5, 1].map(steps), [9, 9, 7, 5, 0]);
  // All at random: the negatives do not matter.
  const options = { batchSize: 10, random: 1, key: key(0) };
  assertEquals(
    draw(hardNegativeBatches({ ...options, negatives: ring(50) })),
    draw(hardNegativeBatches({ ...options, negatives: randomNegatives(0, 50, 4) })),
  );
});

Deno.test("hardNegativeBatches() leaves out other examples each epoch", () => {
  const sampler = hardNegativeBatches({ negatives: randomNegatives(3, 11, 4), batchSize: 5, key: key(0) });
  const seen = tally(draw(sampler, 200).flat(2), 11);
  assert(Math.min(...seen) > 120 && Math.max(...seen) < 200, `drawn ${seen} times in 200 epochs`);
});

Deno.test("hardNegativeBatches() looks at a bounded number of labels for each example", () => {
  for (const examples of [500, 2000]) {
    const labels = Int32Array.from({ length: examples }, (_, i) => i % 2 ? i : 0);
    let looked = 0;
    const counting = new Proxy(labels, {
      get: (target, name) => {
        looked++;
        return Reflect.get(target, name, target);
      },
    });
    const negatives = { indices: ring(examples, 3).indices, width: 3, labels: counting };
    const sampler = hardNegativeBatches({ negatives, batchSize: 4, key: key(0) });
    looked = 0;
    sampler.next();
    assertLessOrEqual(looked, 24 * examples);
  }
});

Deno.test("hardNegativeBatches() goes on from each of its states, and shuffles", () => {
  fc.assert(
    fc.property(
      cases,
      (options) => assertResumes((state?: HardNegativeBatchesState) => hardNegativeBatches({ ...options, state })),
    ),
    { numRuns: 20 },
  );
  const negatives = randomNegatives(0, 60, 5);
  assertShuffles((seed) => hardNegativeBatches({ negatives, batchSize: 6, random: 0, key: key(seed) }));
});

Deno.test("hardNegativeBatches() takes later hard negatives between epochs", () => {
  const [first, later] = [randomNegatives(1, 30, 4), randomNegatives(2, 30, 6)];
  const options = { batchSize: 5, key: key(0) };
  const sampler = hardNegativeBatches({ ...options, negatives: first });
  const epoch = draw(sampler)[0]!;
  const before = sampler.state;
  sampler.refresh(later);
  const after = sampler.state;
  assertNotEquals(after, before);
  const other = hardNegativeBatches({ ...options, negatives: later });
  assertNotEquals(draw(other)[0]!, epoch);
  assertEquals(other.state, after);
  assertEquals(sampler.next(), other.next());
  assertThrows(() => sampler.refresh(first), RangeError, "1 of 6 batches of the epoch are drawn, expected none or all");
  assertEquals(sampler.next(), other.next());

  const resume = (negatives: HardNegatives, state: HardNegativeBatchesState) => () =>
    hardNegativeBatches({ ...options, negatives, state });
  assertThrows(resume(first, sampler.state), RangeError, "Cannot resume hard-negative batches: negatives of the state");
  assertThrows(resume(later, before), RangeError, "negatives of the state");
  assertEquals(resume(later, sampler.state)().next(), sampler.next());
});

Deno.test("hardNegativeBatches() rejects what does not fit", () => {
  const options: HardNegativeBatchesOptions = { negatives: ring(6, 2), batchSize: 3, key: key(0) };
  const make = (change: Partial<HardNegativeBatchesOptions>) => () => hardNegativeBatches({ ...options, ...change });
  const { indices } = options.negatives;
  assertThrows(make({ batchSize: 1 }), RangeError, "batchSize is 1, expected an integer from 2");
  assertThrows(
    make({ batchSize: 7 }),
    RangeError,
    "batchSize is 7, but there are 6 examples; expected at most as many",
  );
  assertThrows(make({ random: 1.1 }), RangeError, "random is 1.1, expected a number from 0 to 1");
  assertThrows(make({ random: NaN }), RangeError, "random is NaN");
  assertThrows(make({ negatives: { indices, width: 0 } }), RangeError, "width is 0");
  assertThrows(make({ negatives: { indices, width: 5 } }), RangeError, "there are 12 indices, expected a multiple");
  const labels = Int32Array.of(1, 1, 1, 2, 2, 2);
  assertThrows(make({ negatives: { indices, width: 2, labels } }), RangeError, "there are 6 examples of 2 labels");
  assertThrows(
    make({ negatives: { indices: Int32Array.of(1, 9), width: 1, labels } }),
    RangeError,
    "labels has 6 entries, expected one for each reference, at least 10",
  );
  const sampler = make({})();
  assertThrows(() => sampler.refresh(ring(5)), RangeError, "of 5 examples, expected the same 6");
  assertThrows(() => sampler.refresh({ indices, width: 2, labels }), RangeError, "with the same labels");
});
