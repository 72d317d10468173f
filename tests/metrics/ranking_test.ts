import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { key } from "../../core/key.ts";
import { normal } from "../../core/stream.ts";
import { type RankingMetrics, rankingMetrics, retrieval } from "../../metrics/mod.ts";
import golden from "../fixtures/golden.json" with { type: "json" };
import { engineTest } from "../support/mod.ts";
import { fc } from "../support/properties.ts";
import { rankNaively } from "./_ranking_oracle.ts";

function random(seed: number, rows: number, dim: number): tf.Tensor2D {
  return tf.tensor2d(normal(key(seed), [0], rows * dim), [rows, dim]);
}

/** All numbers of the metrics in one list, without those of single queries. */
function numbers({ perQuery: _, ...metrics }: RankingMetrics): number[] {
  return Object.values(metrics).flatMap((value) => typeof value === "number" ? value : Object.values(value));
}

function assertSame(actual: number[], expected: number[]): void {
  assertEquals(actual.length, expected.length);
  actual.forEach((value, i) => assertAlmostEquals(value, expected[i]!, 1e-12));
}

engineTest("rankingMetrics() agrees with the golden numbers of both protocols", async () => {
  const { E, labels, ...protocols } = golden.retrieval;
  const rows = tf.tensor2d(E);
  const [first, rest] = [tf.slice(rows, [0, 0], [8, -1]), tf.slice(rows, [8, 0], [16, -1])];
  for (const block of [1, 7, 24, 1024]) {
    const whole = await rankingMetrics(rows, rows, { labels, block });
    const split = await rankingMetrics(first, rest, {
      labels: labels.slice(0, 8),
      referenceLabels: labels.slice(8),
      block,
    });
    for (
      const [found, expected] of [
        [whole, protocols.cosine_ref_includes_query],
        [split, protocols["cosine_query0-7_ref8-23"]],
      ] as const
    ) {
      assertAlmostEquals(found.precisionAt1, expected.precision_at_1, 1e-12);
      assertAlmostEquals(found.rPrecision, expected.r_precision, 1e-12);
      assertAlmostEquals(found.mapAtR, expected.mean_average_precision_at_r, 1e-12);
      assertAlmostEquals(found.map, expected.mean_average_precision, 1e-12);
      assertAlmostEquals(found.mrr, expected.mean_reciprocal_rank, 1e-12);
    }
  }
});

const cases = fc.record({
  queries: fc.array(fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 3, maxLength: 3 }), {
    minLength: 1,
    maxLength: 9,
  }),
  references: fc.array(fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 3, maxLength: 3 }), {
    minLength: 1,
    maxLength: 14,
  }),
  names: fc.array(fc.integer({ min: -1, max: 2 }), { minLength: 14, maxLength: 14 }),
  block: fc.constantFrom(1, 2, 7, 100),
  cosine: fc.boolean(),
  oneSet: fc.boolean(),
});

engineTest("rankingMetrics() by label gives what the definitions give, many ties among them", async () => {
  const property = fc.asyncProperty(cases, async ({ queries, references, names, block, cosine, oneSet }) => {
    const others = oneSet ? queries : references;
    const [labels, otherLabels] = [names.slice(0, queries.length), names.slice(0, others.length).reverse()];
    const referenceLabels = oneSet ? labels : otherLabels;
    const expected = rankNaively(queries, others, {
      gain: (query, row) => labels[query] === referenceLabels[row] ? 1 : 0,
      cosine,
      k: [1, 3],
      ...(oneSet && { exclude: (query) => query }),
    });
    const [q, r] = [tf.tensor2d(queries), tf.tensor2d(others)];
    const found = rankingMetrics(q, r, {
      labels,
      ...(oneSet ? {} : { referenceLabels }),
      block,
      k: [1, 3],
      similarity: cosine ? "cosine" : "dot",
    });
    if (expected) assertSame(numbers(await found), numbers({ ...expected, perQuery: {} } as RankingMetrics));
    else await assertRejects(() => found, RangeError, "has a match");
    tf.dispose([q, r]);
  });
  await fc.assert(property, { numRuns: 100 });
});

engineTest("rankingMetrics() depends on neither block size, nor names of labels, nor order of rows", async () => {
  const once = random(1, 12, 17);
  const rows = tf.concat([once, once, random(2, 7, 17)]) as tf.Tensor2D;
  const labels = Int32Array.from({ length: 31 }, (_, i) => (i * i) % 7);
  const whole = numbers(await rankingMetrics(rows, rows, { labels, block: 31 }));
  for (const block of [1, 7, 16]) assertSame(numbers(await rankingMetrics(rows, rows, { labels, block })), whole);
  const renamed = Array.from(labels, (label) => 2 ** 40 - 977 * label);
  assertSame(numbers(await rankingMetrics(rows, rows, { labels: renamed, block: 16 })), whole);
  const order = Int32Array.from({ length: 31 }, (_, i) => (i * 12) % 31);
  const shuffled = tf.gather(rows, tf.tensor1d(order, "int32")) as tf.Tensor2D;
  const moved = Array.from(order, (row) => labels[row]!);
  assertSame(numbers(await rankingMetrics(shuffled, shuffled, { labels: moved, block: 16 })), whole);
});

engineTest("rankingMetrics() gives a collapsed encoder, or one that returns NaN, the worst ranks", async () => {
  const labels = Int32Array.from({ length: 40 }, (_, i) => i % 4);
  const collapsed = tf.tile(random(4, 1, 50), [40, 1]) as tf.Tensor2D;
  for (const rows of [collapsed, tf.zeros([40, 5]) as tf.Tensor2D, tf.fill([40, 5], NaN) as tf.Tensor2D]) {
    for (const similarity of ["cosine", "dot"] as const) {
      const found = await rankingMetrics(rows, rows, { labels, similarity, block: 6 });
      // 9 matches behind 30 others.
      assertEquals([...new Set(found.perQuery.firstRank)], [31]);
      assertEquals([found.precisionAt1, found.rPrecision, found.mapAtR, found.ndcgAt[10]], [0, 0, 0, 0]);
    }
  }
});

engineTest(
  "rankingMetrics() puts a match that is not a number last, and any other such reference first",
  async () => {
    const queries = tf.tensor2d([[1, 0]]);
    const references = tf.tensor2d([[1, 0.1], [NaN, 0], [1, 0.5], [1, 0.2], [0, 1], [NaN, 1]]);
    const options = { labels: [1], referenceLabels: [1, 1, 1, 2, 2, 2], block: 4 };
    const { perQuery } = await rankingMetrics(queries, references, options);
    // The row of another label that is not a number is ahead of all; then comes match 0, a miss, match 2, a miss, match 1.
    assertEquals(perQuery.firstRank[0], 2);
    assertAlmostEquals(perQuery.averagePrecision[0]!, (1 / 2 + 2 / 4 + 3 / 6) / 3, 1e-12);
  },
);

engineTest("rankingMetrics() gives the ranks of retrieval() where each label has one reference", async () => {
  const [queries, references] = [random(5, 50, 8), random(6, 50, 8)];
  const labels = Int32Array.from({ length: 50 }, (_, i) => i);
  const found = await rankingMetrics(queries, references, { labels, referenceLabels: labels, block: 16 });
  const { ranks, recall, mrr } = await retrieval(queries, references, { relevant: labels });
  assertEquals(found.perQuery.firstRank, ranks);
  assertEquals(found.recall, recall);
  assertAlmostEquals(found.mrr, mrr, 1e-12);
  assertAlmostEquals(found.map, mrr, 1e-12);
});

engineTest("rankingMetrics() counts queries without a match, and leaves them out", async () => {
  const rows = random(7, 6, 3);
  const labels = [5, 9, 5, 7, 5, 8];
  const { ranked, leftOut, perQuery, mrr } = await rankingMetrics(rows, rows, { labels, k: [2] });
  assertEquals([ranked, leftOut], [3, 3]);
  for (const query of [1, 3, 5]) {
    assertEquals(perQuery.firstRank[query], 0);
    const { firstRank: _, ndcgAt, ...scores } = perQuery;
    for (const values of [...Object.values(scores), ndcgAt[2]!]) assert(Number.isNaN(values[query]));
  }
  const of = (query: number) => 1 / perQuery.firstRank[query]!;
  assertAlmostEquals(mrr, (of(0) + of(2) + of(4)) / 3, 1e-12);
  // One class alone is ranked without a fault, and a query that does not leave itself out finds itself.
  assertEquals((await rankingMetrics(rows, rows, { labels: labels.map(() => 3) })).map, 1);
  const itself = await rankingMetrics(rows, rows, { labels: [0, 1, 2, 3, 4, 5], exclude: () => undefined });
  assertEquals(itself.precisionAt1, 1);
});

engineTest("rankingMetrics() holds one block of similarities, and leaves nothing behind", async () => {
  const [queries, references] = [random(8, 256, 4), random(9, 1024, 4)];
  const referenceLabels = Int32Array.from({ length: 1024 }, (_, i) => i % 50);
  const labels = referenceLabels.subarray(0, 256);
  const { numTensors, numBytes } = tf.memory();
  for (const block of [32, 64, 128]) {
    const { peakBytes } = await tf.profile(async () => {
      await rankingMetrics(queries, references, { labels, referenceLabels, block });
    });
    const square = 4 * block * block;
    assert(peakBytes - numBytes < square + 100 * block, `${(peakBytes - numBytes) / square} blocks of ${block}`);
    assert(peakBytes - numBytes > square, "the profile must have seen a block");
  }
  assertEquals(tf.memory().numTensors, numTensors);
});
