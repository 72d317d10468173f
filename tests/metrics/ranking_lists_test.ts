import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { type RankingMetrics, rankingMetrics, type RankingOptions } from "../../metrics/mod.ts";
import { engineTest } from "../support/mod.ts";
import { fc } from "../support/properties.ts";
import { rankNaively } from "./_ranking_oracle.ts";

const integerRows = (maxLength: number) =>
  fc.array(fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength });

const cases = fc.record({
  queries: integerRows(6),
  references: integerRows(12),
  gains: fc.array(fc.array(fc.constantFrom(0, 0, 0, 1, 2, 3.5), { minLength: 12, maxLength: 12 }), {
    minLength: 6,
    maxLength: 6,
  }),
  graded: fc.boolean(),
  excludes: fc.boolean(),
  cosine: fc.boolean(),
  block: fc.constantFrom(1, 2, 5, 100),
});

engineTest("rankingMetrics() by lists gives what the definitions give, with gains and without", async () => {
  const property = fc.asyncProperty(cases, async ({ queries, references, gains, graded, excludes, cosine, block }) => {
    const gain = (query: number, row: number) => graded ? gains[query]![row]! : Math.min(1, gains[query]![row]!);
    // Lists in an order of their own; irrelevant rows are named with a gain of 0, or not at all.
    const rows = Array.from(references, (_, row) => row).reverse();
    const relevant = queries.map((_, query) => graded ? rows : rows.filter((row) => gain(query, row) > 0));
    const exclude = (query: number) => excludes ? query % references.length : undefined;
    const expected = rankNaively(queries, references, { gain, cosine, k: [1, 4], exclude });
    const [q, r] = [tf.tensor2d(queries), tf.tensor2d(references)];
    const found = rankingMetrics(q, r, {
      relevant,
      ...(graded && { gains: relevant.map((rows, query) => rows.map((row) => gain(query, row))) }),
      similarity: cosine ? "cosine" : "dot",
      k: [1, 4],
      exclude,
      block,
    });
    if (expected) assertSame(await found, expected);
    else await assertRejects(() => found, RangeError, "has a match");
    tf.dispose([q, r]);
  });
  await fc.assert(property, { numRuns: 100 });
});

function assertSame(actual: RankingMetrics, expected: Omit<RankingMetrics, "perQuery">): void {
  for (const name of ["precisionAt1", "rPrecision", "mapAtR", "map", "mrr", "ndcg"] as const) {
    assertAlmostEquals(actual[name], expected[name], 1e-12, name);
  }
  for (const k of [1, 4]) {
    assertAlmostEquals(actual.recall[k]!, expected.recall[k]!, 1e-12, `recall@${k}`);
    assertAlmostEquals(actual.ndcgAt[k]!, expected.ndcgAt[k]!, 1e-12, `ndcg@${k}`);
  }
  assertEquals([actual.ranked, actual.leftOut], [expected.ranked, expected.leftOut]);
}

engineTest("rankingMetrics() puts the smaller gain first among copies, for every block size", async () => {
  const one = [0.3, -0.2, 0.9, 0.123, 0.77];
  const [queries, references] = [tf.tensor2d([one]), tf.tensor2d(Array(40).fill(one))];
  const relevant = [Array.from({ length: 40 }, (_, row) => row)];
  const gains = [relevant[0]!.map((row) => 1 + (row * 7) % 40)];
  const discounted = (list: number[]) => list.reduce((sum, gain, i) => sum + gain / Math.log2(i + 2), 0);
  const ascending = gains[0]!.toSorted((a, b) => a - b);
  for (const block of [1, 7, 40]) {
    for (const similarity of ["cosine", "dot"] as const) {
      const { ndcg } = await rankingMetrics(queries, references, { relevant, gains, block, similarity });
      assertAlmostEquals(ndcg, discounted(ascending) / discounted(ascending.toReversed()), 1e-12);
    }
  }
});

engineTest("rankingMetrics() names what does not fit, and leaves nothing behind", async () => {
  const three = tf.ones([3, 2]) as tf.Tensor2D;
  const good = { labels: [1, 1, 2] };
  const lists = { relevant: [[0], [1, 2], []] };
  const attempts: [tf.Tensor, tf.Tensor, RankingOptions, string][] = [
    [three, tf.ones([3, 4]), good, "references are 4 wide, expected 2 as the queries"],
    [tf.zeros([0, 2]), three, good, "queries has shape [0,2]"],
    [three, tf.ones([3]), lists, "references has shape [3]"],
    [three, tf.ones([4, 2]), good, "there are 4 references without labels, expected referenceLabels, or the 3 queries"],
    [three, three, { labels: [1, 1] }, "labels has 2 entries, expected one for each of 3 queries"],
    [three, three, { labels: [1, 0.5, 1] }, "labels[1] is 0.5, expected an integer"],
    [three, three, { ...good, referenceLabels: [1] }, "referenceLabels has 1 entries, expected one for each of 3"],
    [three, three, { labels: [1, 2, 3] }, "none of 3 queries has a match"],
    [three, three, { ...good, k: [1, 0] }, "k is 0, expected an integer of at least 1"],
    [three, three, { ...good, block: 1.5 }, "block is 1.5"],
    [three, three, { ...good, similarity: "l2" as "dot" }, "similarity is l2"],
    [three, three, { ...good, exclude: () => 3 }, "exclude(0) is 3, expected undefined or a row of 3 references"],
    [three, three, { relevant: [[0]] }, "relevant has 1 lists, expected one for each of 3 queries"],
    [three, three, { relevant: [[0], [3], []] }, "relevant[1] names 3, expected a row of 3 references"],
    [three, three, { relevant: [[0], [1, 1], []] }, "relevant[1] names 1 twice"],
    [three, three, { ...lists, gains: [[1]] }, "gains has 1 lists, expected one for each of 3 queries"],
    [three, three, { ...lists, gains: [[1], [1], []] }, "gains[1] has 1 entries, expected 2 as relevant[1]"],
    [three, three, { ...lists, gains: [[1], [1, -1], []] }, "gains[1][1] is -1"],
    [three, three, { relevant: [[], [], []] }, "none of 3 queries has a match"],
  ];
  for (const [queries, references, options, message] of attempts) {
    const { numTensors } = tf.memory();
    const run = () => rankingMetrics(queries as tf.Tensor2D, references as tf.Tensor2D, options);
    await assertRejects(run, RangeError, message);
    assertEquals(tf.memory().numTensors, numTensors);
  }
  const neither = {} as RankingOptions;
  const error = await assertRejects(() => rankingMetrics(three, three, neither), TypeError);
  assert(error instanceof TypeError && error.message.includes("neither labels nor relevant"));
});
