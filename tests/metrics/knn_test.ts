import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { key } from "../../core/key.ts";
import { normal } from "../../core/stream.ts";
import { knnAccuracy, type KNNOptions } from "../../metrics/mod.ts";
import { engineTest } from "../support/mod.ts";
import { fc } from "../support/properties.ts";

/** The prediction for one query by its definition, from a full sort. */
function predict(
  query: number[],
  references: number[][],
  { labels, k, temperature, without }: { labels: number[]; k: number; temperature: number; without?: number },
): number {
  const scored = references.map((reference, row) => ({
    row,
    score: reference.reduce((sum, x, i) => sum + x * query[i]!, 0),
  })).filter(({ row }) => row !== without);
  scored.sort((a, b) => b.score - a.score || a.row - b.row);
  const near = scored.slice(0, k);
  const candidates = [...new Set(near.map(({ row }) => labels[row]!))];
  const votes = candidates.map((label) =>
    near.filter(({ row }) => labels[row] === label)
      .reduce((sum, { score }) => sum + Math.exp((score - near[0]!.score) / temperature), 0)
  );
  return candidates[votes.indexOf(Math.max(...votes))] ?? NaN;
}

const integerRows = (maxLength: number) =>
  fc.array(fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength });

const cases = fc.record({
  queries: integerRows(8),
  references: integerRows(12),
  names: fc.array(fc.integer({ min: -1, max: 2 }), { minLength: 12, maxLength: 12 }),
  k: fc.integer({ min: 1, max: 14 }),
  temperature: fc.constantFrom(0.07, 1, Infinity),
  block: fc.constantFrom(1, 7, 100),
  oneSet: fc.boolean(),
});

engineTest("knnAccuracy() predicts what votes by their definition give", async () => {
  const property = fc.asyncProperty(cases, async ({ queries, references, names, k, temperature, block, oneSet }) => {
    const others = oneSet ? queries : references;
    const labels = names.slice(0, queries.length);
    const referenceLabels = oneSet ? labels : names.slice(0, others.length).reverse();
    const [q, r] = [tf.tensor2d(queries), tf.tensor2d(others)];
    const { accuracy, predictions } = await knnAccuracy(q, r, {
      labels,
      ...(oneSet ? {} : { referenceLabels }),
      k,
      temperature,
      block,
      similarity: "dot",
    });
    tf.dispose([q, r]);
    const expected = queries.map((query, i) =>
      predict(query, others, { labels: referenceLabels, k, temperature, ...(oneSet && { without: i }) })
    );
    assertEquals([...predictions], expected);
    const right = expected.filter((label, i) => label === labels[i]).length;
    assertAlmostEquals(accuracy, right / queries.length, 1e-12);
  });
  await fc.assert(property, { numRuns: 80 });
});

engineTest("knnAccuracy() weighs votes by exp(s/T), with k 20, T 0.07 and cosines if left out", async () => {
  // One neighbor at cosine 1 against n at cosine 0.9: each of these counts exp(-0.1/0.07) ≈ 0.2397, so five beat it.
  const near = [3, 0];
  const far = [0.9, Math.sqrt(1 - 0.81)];
  const queries = tf.tensor2d([[5, 0]]);
  for (const [copies, label] of [[4, 1], [5, 2]] as const) {
    const references = tf.tensor2d([near, ...Array(copies).fill(far)]);
    const referenceLabels = [1, ...Array(copies).fill(2)];
    assertEquals([...(await knnAccuracy(queries, references, { labels: [2], referenceLabels })).predictions], [label]);
  }
  // 20 neighbors with one label fill all seats.
  const references = tf.tensor2d([...Array(20).fill(near), ...Array(200).fill([3, 0.01])]);
  const referenceLabels = [...Array(20).fill(4), ...Array(200).fill(6)];
  assertEquals([...(await knnAccuracy(queries, references, { labels: [4], referenceLabels })).predictions], [4]);
  assertEquals([...(await knnAccuracy(queries, references, { labels: [4], referenceLabels, k: 60 })).predictions], [6]);
});

engineTest("knnAccuracy() tells clusters apart, gives nothing for NaN, and chance for one point", async () => {
  const labels = Int32Array.from({ length: 60 }, (_, i) => i % 3);
  const noise = tf.tensor2d(normal(key(1), [0], 60 * 3), [60, 3]);
  const clustered = tf.add(tf.mul(tf.oneHot(tf.tensor1d(labels, "int32"), 3), 9), noise) as tf.Tensor2D;
  const { numTensors } = tf.memory();
  for (const block of [1, 7, 60]) {
    assertEquals((await knnAccuracy(clustered, clustered, { labels, block })).accuracy, 1);
  }
  assertEquals(tf.memory().numTensors, numTensors);
  const collapsed = await knnAccuracy(tf.ones([60, 3]), tf.ones([60, 3]), { labels });
  assert(collapsed.accuracy <= 1 / 3);
  const broken = await knnAccuracy(tf.fill([60, 3], NaN), clustered, { labels, referenceLabels: labels });
  assertEquals([broken.accuracy, broken.predictions.every(Number.isNaN)], [0, true]);
  // A single row that is left out has no neighbors.
  assertEquals((await knnAccuracy(tf.ones([1, 2]), tf.ones([1, 2]), { labels: [1] })).accuracy, 0);
});

engineTest("knnAccuracy() names what does not fit, and leaves nothing behind", async () => {
  const three = tf.ones([3, 2]) as tf.Tensor2D;
  const good: KNNOptions = { labels: [0, 1, 1] };
  const attempts: [tf.Tensor, tf.Tensor, KNNOptions, string][] = [
    [three, tf.ones([3, 4]), good, "Cannot vote: references are 4 wide, expected 2 as the queries"],
    [three, tf.ones([2, 2]), good, "there are 2 references without labels"],
    [three, three, { labels: [0, 1] }, "labels has 2 entries, expected one for each of 3 queries"],
    [three, three, { labels: [0, 1, NaN] }, "labels[2] is NaN, expected an integer"],
    [three, three, { ...good, k: 0 }, "k is 0, expected an integer of at least 1"],
    [three, three, { ...good, temperature: 0 }, "temperature is 0, expected a number above 0"],
    [three, three, { ...good, block: 0 }, "block is 0"],
    [three, three, { ...good, similarity: "l2" as "dot" }, "similarity is l2"],
    [three, three, { ...good, exclude: () => -1 }, "exclude(0) is -1"],
  ];
  for (const [queries, references, options, message] of attempts) {
    const { numTensors } = tf.memory();
    const run = () => knnAccuracy(queries as tf.Tensor2D, references as tf.Tensor2D, options);
    await assertRejects(run, RangeError, message);
    assertEquals(tf.memory().numTensors, numTensors);
  }
});
