import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { key } from "../../core/key.ts";
import { normal } from "../../core/stream.ts";
import { knnAccuracy, type KNNOptions, type RankingMetrics, rankingMetrics } from "../../metrics/mod.ts";
import { engineTest } from "../support/mod.ts";
import { fc } from "../support/properties.ts";
import { rankNaively } from "./_ranking_oracle.ts";

function random(seed: number, rows: number, dim: number): tf.Tensor2D {
  return tf.tensor2d(normal(key(seed), [0], rows * dim), [rows, dim]);
}

/** All numbers of the metrics in one list, without those of single queries. */
function numbers({ perQuery: _, ...metrics }: Omit<RankingMetrics, "perQuery"> & { perQuery?: unknown }): number[] {
  return Object.values(metrics).flatMap((value) => typeof value === "number" ? value : Object.values(value));
}

function assertSame(actual: number[], expected: number[]): void {
  assertEquals(actual.length, expected.length);
  actual.forEach((value, i) => assertAlmostEquals(value, expected[i]!, 1e-12));
}

const integers = (min: number, max: number, length: number) =>
  fc.array(fc.integer({ min, max }), { minLength: length, maxLength: length });
const integerRows = (maxLength: number) => fc.array(integers(-2, 2, 3), { minLength: 1, maxLength });

const cases = fc.record({
  queries: integerRows(9),
  others: integerRows(14),
  labels: integers(-1, 2, 14),
  groups: integers(-1, 2, 14),
  block: fc.constantFrom(1, 2, 7, 100),
  cosine: fc.boolean(),
  oneSet: fc.boolean(),
  excludes: fc.boolean(),
  lists: fc.boolean(),
});

engineTest("rankingMetrics() leaves out all of a query's own group, by the definitions", async () => {
  const property = fc.asyncProperty(
    cases,
    async ({ queries, others, block, cosine, oneSet, excludes, lists, ...row }) => {
      const references = oneSet ? queries : others;
      const part = (values: number[], count: number) => values.slice(0, count);
      const [labels, groups] = [part(row.labels, queries.length), part(row.groups, queries.length)];
      const referenceLabels = oneSet ? labels : part(row.labels.toReversed(), references.length);
      const referenceGroups = oneSet ? groups : part(row.groups.toReversed(), references.length);
      const exclude = (query: number) => excludes ? (query * 5) % references.length : undefined;
      const gain = (query: number, row: number) => labels[query] === referenceLabels[row] ? 1 : 0;
      const expected = rankNaively(queries, references, {
        gain,
        cosine,
        k: [1, 3],
        exclude,
        together: (query, row) => groups[query] === referenceGroups[row],
      });
      const [q, r] = [tf.tensor2d(queries), tf.tensor2d(references)];
      const matches = lists
        ? { relevant: queries.map((_, query) => [...references.keys()].filter((row) => gain(query, row) > 0)) }
        : { labels, ...(oneSet ? {} : { referenceLabels }) };
      const found = rankingMetrics(q, r, {
        ...matches,
        groups,
        ...(oneSet ? {} : { referenceGroups }),
        exclude,
        block,
        k: [1, 3],
        similarity: cosine ? "cosine" : "dot",
      });
      if (expected) assertSame(numbers(await found), numbers(expected));
      else await assertRejects(() => found, RangeError, "has a match of another group");
      tf.dispose([q, r]);
    },
  );
  await fc.assert(property, { numRuns: 150 });
});

engineTest("rankingMetrics() with groups depends on neither block size, nor names of groups, nor order", async () => {
  const rows = random(1, 31, 17);
  const labels = Int32Array.from({ length: 31 }, (_, i) => (i * i) % 7);
  const groups = Int32Array.from({ length: 31 }, (_, i) => i % 4);
  const whole = numbers(await rankingMetrics(rows, rows, { labels, groups, block: 31 }));
  for (const block of [1, 7, 16]) {
    assertSame(numbers(await rankingMetrics(rows, rows, { labels, groups, block })), whole);
  }
  const renamed = Array.from(groups, (group) => 2 ** 40 - 977 * group);
  assertSame(numbers(await rankingMetrics(rows, rows, { labels, groups: renamed, block: 16 })), whole);
  const order = Int32Array.from({ length: 31 }, (_, i) => (i * 12) % 31);
  const shuffled = tf.gather(rows, tf.tensor1d(order, "int32")) as tf.Tensor2D;
  const moved = { labels: order.map((row) => labels[row]!), groups: order.map((row) => groups[row]!), block: 16 };
  assertSame(numbers(await rankingMetrics(shuffled, shuffled, moved)), whole);
  // Where each row is a group of its own, only the query itself is left out, as without groups.
  const alone = numbers(await rankingMetrics(rows, rows, { labels, groups: order }));
  assertSame(alone, numbers(await rankingMetrics(rows, rows, { labels })));
});

engineTest("rankingMetrics() counts as left out a query whose matches are all of its own group", async () => {
  // Queries 0 and 1 match only each other; copies of their own group, ahead of all, are not in the ranking.
  const rows = tf.tensor2d([[1, 0], [1, 0], [0, 1], [1, 0.2], [0.2, 1], [0.5, 1]]);
  const labels = [5, 5, 7, 7, 7, 9];
  const groups = [1, 1, 1, 2, 3, 3];
  const { ranked, leftOut, perQuery, rPrecision } = await rankingMetrics(rows, rows, { labels, groups });
  assertEquals([ranked, leftOut], [3, 3]);
  assertEquals([...perQuery.firstRank], [0, 0, 1, 4, 1, 0]);
  // Query 2 has two matches of other groups: 4 at rank 1 and 3 at rank 3. Query 4 has 2 at rank 1 and 3 at rank 2.
  assertAlmostEquals(perQuery.rPrecision[2]!, 1 / 2, 1e-12);
  assertAlmostEquals(perQuery.averagePrecision[2]!, (1 + 2 / 3) / 2, 1e-12);
  assertAlmostEquals(perQuery.averagePrecision[4]!, 1, 1e-12);
  // Query 3 ranks 0, 1, 5, 4, 2: its matches come last.
  assertAlmostEquals(rPrecision, (1 / 2 + 0 + 1) / 3, 1e-12);
  for (const scores of [perQuery.rPrecision, perQuery.ndcg]) assert(Number.isNaN(scores[0]));
});

engineTest("rankingMetrics() does not tell apart what changes within a query's own group", async () => {
  // Queries of group 0 alone: wherever references of group 0 lie, or if they are not numbers, nothing changes.
  const [queries, references] = [random(2, 5, 6), random(3, 20, 6)];
  const referenceGroups = Int32Array.from({ length: 20 }, (_, i) => i % 3);
  const own = tf.cast(tf.equal(tf.tensor2d(Array.from(referenceGroups), [20, 1]), 0), "float32");
  const options = {
    labels: [0, 1, 2, 3, 0],
    referenceLabels: Int32Array.from({ length: 20 }, (_, i) => i % 4),
    groups: [0, 0, 0, 0, 0],
    referenceGroups,
    block: 6,
  };
  const expected = await rankingMetrics(queries, references, options);
  for (const value of [0, 50, NaN]) {
    const moved = tf.where(tf.tile(tf.equal(own, 1), [1, 6]), tf.fill([20, 6], value), references) as tf.Tensor2D;
    assertEquals(await rankingMetrics(queries, moved, options), expected);
  }
});

engineTest("knnAccuracy() lets no reference of a query's own group vote", async () => {
  const rows = tf.tensor2d([[1, 0], [1, 0.1], [1, 0.2], [0, 1], [0.1, 1]]);
  const labels = [5, 5, 6, 7, 6];
  const { predictions } = await knnAccuracy(rows, rows, { labels, groups: [1, 1, 2, 3, 3], k: 1 });
  assertEquals([...predictions], [6, 6, 5, 6, 6]);
  const apart = await knnAccuracy(rows, rows, {
    labels,
    referenceLabels: labels,
    groups: [1, 2, 3, 4, 5],
    referenceGroups: [1, 1, 1, 1, 1],
    k: 1,
  });
  // Without groups of its own each would find itself; the first is left with nothing.
  assertEquals([...apart.predictions], [NaN, 5, 6, 7, 6]);
});

engineTest("groups that do not fit are named, and nothing is left behind", async () => {
  const three = tf.ones([3, 2]) as tf.Tensor2D;
  const [labels, groups] = [[1, 1, 1], [1, 2, 3]];
  const attempts: [Omit<KNNOptions, "labels" | "k">, string][] = [
    [{ groups: [1, 2] }, "groups has 2 entries, expected one for each of 3 queries"],
    [{ groups: [1, 2, NaN] }, "groups[2] is NaN, expected an integer"],
    [{ groups, referenceGroups: [1, 2, 3, 4] }, "referenceGroups has 4 entries, expected one for each of 3 references"],
    [{ groups, referenceGroups: [1, 0.5, 1] }, "referenceGroups[1] is 0.5, expected an integer"],
    [{ referenceGroups: groups }, "there are referenceGroups, expected groups too"],
    [{ referenceLabels: labels, groups }, "there are groups, but none for the 3 references, expected referenceGroups"],
  ];
  const { numTensors } = tf.memory();
  for (const [options, message] of attempts) {
    await assertRejects(() => rankingMetrics(three, three, { labels, ...options }), RangeError, `rank: ${message}`);
    await assertRejects(() => knnAccuracy(three, three, { labels, ...options }), RangeError, `vote: ${message}`);
  }
  const same = { labels, groups: [4, 4, 4] };
  await assertRejects(() => rankingMetrics(three, three, same), RangeError, "none of 3 queries has a match of another");
  const listed = { relevant: [[0], [1], [2]], groups };
  await assertRejects(() => rankingMetrics(three, tf.ones([4, 2]), listed), RangeError, "none for the 4 references");
  await knnAccuracy(three, three, { labels, groups });
  assertEquals(tf.memory().numTensors, numTensors + 1);
});
