import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { key } from "../../core/key.ts";
import { nearestNeighbors, type NeighborOptions } from "../../core/mod.ts";
import { normal } from "../../core/stream.ts";
import { engineTest } from "../support/mod.ts";
import { fc } from "../support/properties.ts";

/** The k best of a full sort in float64, the lower row first of those that tie. */
function sorted(
  query: number[],
  references: number[][],
  options: { k: number; cosine: boolean; without?: (row: number) => boolean },
) {
  const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const scored = references.map((reference, row) => {
    const length = options.cosine ? Math.hypot(...query) * Math.hypot(...reference) : 1;
    return { row, score: dot(query, reference) / (length || 1) };
  });
  scored.sort((a, b) => b.score - a.score || a.row - b.row);
  const left = scored.filter(({ row }) => !options.without?.(row)).slice(0, options.k);
  return [...left, ...Array(options.k - left.length).fill({ row: -1, score: -Infinity })];
}

const rows = (max: number, entry: fc.Arbitrary<number>) =>
  fc.array(fc.array(entry, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: max });

function random(seed: number, count: number, dim: number): tf.Tensor2D {
  return tf.tensor2d(normal(key(seed), [0], count * dim), [count, dim]);
}

engineTest("nearestNeighbors() gives what a full sort gives, ties by row", async () => {
  const cases = fc.record({
    queries: rows(6, fc.integer({ min: -2, max: 2 })),
    references: rows(12, fc.integer({ min: -2, max: 2 })),
    k: fc.integer({ min: 1, max: 14 }),
    block: fc.constantFrom(1, 2, 7, 100),
    without: fc.array(fc.nat(), { minLength: 6, maxLength: 6 }),
  });
  const property = fc.asyncProperty(cases, async ({ queries, references, k, block, without }) => {
    // Products of small integers are exact, so that ties are ties in float32 too.
    const exclude = (query: number) => without[query]! % 3 === 0 ? undefined : without[query]! % references.length;
    const [q, r] = [tf.tensor2d(queries), tf.tensor2d(references)];
    const found = await nearestNeighbors(q, r, { k, block, similarity: "dot", exclude });
    tf.dispose([q, r]);
    const expected = queries.flatMap((query, i) =>
      sorted(query, references, { k, cosine: false, without: (row) => row === exclude(i) })
    );
    assertEquals([...found.indices], expected.map(({ row }) => row));
    assertEquals([...found.similarities], expected.map(({ score }) => score));
  });
  await fc.assert(property, { numRuns: 60 });
});

engineTest("nearestNeighbors() finds none of a query's own group, nor the one left out beside it", async () => {
  const groupsOf = (length: number) =>
    fc.array(fc.integer({ min: -1, max: 2 }), { minLength: length, maxLength: length });
  const cases = fc.record({
    queries: rows(6, fc.integer({ min: -2, max: 2 })),
    references: rows(12, fc.integer({ min: -2, max: 2 })),
    groups: groupsOf(6),
    others: groupsOf(12),
    k: fc.integer({ min: 1, max: 14 }),
    block: fc.constantFrom(1, 2, 7, 100),
    oneSet: fc.boolean(),
    excludes: fc.boolean(),
  });
  const property = fc.asyncProperty(cases, async ({ queries, k, block, oneSet, excludes, ...given }) => {
    const references = oneSet ? queries : given.references;
    const groups = given.groups.slice(0, queries.length);
    const referenceGroups = oneSet ? groups : given.others.slice(0, references.length);
    const exclude = (query: number) => excludes ? (query * 5) % references.length : undefined;
    const [q, r] = [tf.tensor2d(queries), tf.tensor2d(references)];
    const found = await nearestNeighbors(q, r, {
      k,
      block,
      similarity: "dot",
      exclude,
      groups,
      ...(oneSet ? {} : { referenceGroups }),
    });
    tf.dispose([q, r]);
    const expected = queries.flatMap((query, i) => {
      const without = (row: number) => row === exclude(i) || referenceGroups[row] === groups[i];
      return sorted(query, references, { k, cosine: false, without });
    });
    assertEquals([...found.indices], expected.map(({ row }) => row));
    assertEquals([...found.similarities], expected.map(({ score }) => score));
  });
  await fc.assert(property, { numRuns: 60 });
});

engineTest("nearestNeighbors() compares by cosine, for every block size alike", async () => {
  const [queries, references] = [random(1, 23, 9), random(2, 41, 9)];
  const [q, r] = [queries.arraySync(), references.arraySync()];
  const expected = q.flatMap((query) => sorted(query, r, { k: 5, cosine: true }));
  for (const block of [1, 7, 23, 41, 1024]) {
    const { indices, similarities } = await nearestNeighbors(queries, references, { k: 5, block });
    assertEquals([...indices], expected.map(({ row }) => row));
    similarities.forEach((value, i) => assertAlmostEquals(value, expected[i]!.score, 1e-6));
  }
});

engineTest("nearestNeighbors() keeps copies in the order of their rows, across blocks", async () => {
  const once = random(3, 4, 8);
  const references = tf.concat([once, once, once]) as tf.Tensor2D;
  for (const block of [1, 3, 4]) {
    const { indices } = await nearestNeighbors(once, references, { k: 3, block });
    assertEquals([...indices], [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]);
  }
});

engineTest("nearestNeighbors() leaves out what is not a number, and ranks zero rows at 0", async () => {
  const queries = tf.tensor2d([[1, 0], [NaN, 1], [0, 0]]);
  const references = tf.tensor2d([[NaN, 0], [-1, 0], [0, 0], [5, 0]]);
  const { indices, similarities } = await nearestNeighbors(queries, references, { k: 3 });
  assertEquals([...indices], [3, 2, 1, -1, -1, -1, 1, 2, 3]);
  assertEquals([...similarities].map((value) => value + 0), [1, 0, -1, -Infinity, -Infinity, -Infinity, 0, 0, 0]);
});

engineTest("nearestNeighbors() holds one block of similarities, and leaves nothing behind", async () => {
  const [queries, references] = [random(6, 256, 4), random(7, 1024, 4)];
  const { numTensors, numBytes } = tf.memory();
  for (const block of [32, 64, 128]) {
    const { peakBytes } = await tf.profile(async () => {
      await nearestNeighbors(queries, references, { k: 3, block });
    });
    const square = 4 * block * block;
    assert(peakBytes - numBytes < square + 100 * block, `${(peakBytes - numBytes) / square} blocks of ${block}`);
    assert(peakBytes - numBytes > square, "the profile must have seen a block");
  }
  assertEquals(tf.memory().numTensors, numTensors);
});

engineTest("nearestNeighbors() names what does not fit", async () => {
  const three = tf.ones([3, 2]) as tf.Tensor2D;
  const attempts: [tf.Tensor, tf.Tensor, NeighborOptions, string][] = [
    [three, tf.ones([3, 4]), { k: 1 }, "references are 4 wide, expected 2"],
    [tf.zeros([0, 2]), three, { k: 1 }, "queries has shape [0,2]"],
    [three, tf.ones([3]), { k: 1 }, "references has shape [3]"],
    [three, three, { k: 0 }, "k is 0, expected an integer of at least 1"],
    [three, three, { k: 1, block: 1.5 }, "block is 1.5"],
    [three, three, { k: 1, similarity: "l2" as "dot" }, "similarity is l2"],
    [three, three, { k: 1, exclude: (query) => query + 1 }, "exclude(2) is 3, expected undefined or a row of 3"],
    [three, three, { k: 1, groups: [1, 2] }, "groups has 2 entries, expected one for each of 3 queries"],
    [three, three, { k: 1, groups: [1, 2, 0.5] }, "groups[2] is 0.5, expected an integer"],
    [
      three,
      three,
      { k: 1, groups: [1, 2, 3], referenceGroups: [1] },
      "referenceGroups has 1 entries, expected one for",
    ],
    [three, three, { k: 1, referenceGroups: [1, 2, 3] }, "there are referenceGroups, expected groups too"],
    [three, tf.ones([4, 2]), { k: 1, groups: [1, 2, 3] }, "there are groups, but none for the 4 references"],
  ];
  for (const [queries, references, options, message] of attempts) {
    const { numTensors } = tf.memory();
    await assertRejects(
      () => nearestNeighbors(queries as tf.Tensor2D, references as tf.Tensor2D, options),
      RangeError,
      message,
    );
    assertEquals(tf.memory().numTensors, numTensors);
  }
});
