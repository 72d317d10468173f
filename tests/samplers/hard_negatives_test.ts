import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { engineTest, randomMatrix } from "../support/mod.ts";
import { fc } from "../support/properties.ts";
import { findHardNegatives, type HardNegativesOptions, pickHardNegatives } from "../../samplers/mod.ts";

/** Hard negatives by sorting all references of each anchor. */
function naive(
  anchors: number[][],
  references: number[][],
  { labels, from = 0, to = 32, similarity = "cosine" }: HardNegativesOptions,
): number[] {
  const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const compare = (a: number[], b: number[]) =>
    similarity === "dot" ? dot(a, b) : dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  return anchors.flatMap((anchor, i) => {
    const negatives = [...references.keys()].filter((j) => labels ? labels[j] !== labels[i] : j !== i);
    negatives.sort((j, k) => compare(anchor, references[k]!) - compare(anchor, references[j]!));
    const window = negatives.slice(from, to);
    return [...window, ...new Array<number>(to - from - window.length).fill(-1)];
  });
}

engineTest("findHardNegatives() finds what sorting all references finds", async () => {
  const anchors = randomMatrix(1, 23, 5);
  const references = randomMatrix(2, 31, 5);
  const rows = [await anchors.array(), await references.array()] as const;
  const labels = Array.from({ length: 31 }, (_, i) => i % 4 ? i % 7 - 3 : 0);
  const before = tf.memory().numTensors;
  for (
    const options of [
      {},
      { to: 5 },
      { from: 3, to: 7, similarity: "dot" },
      { labels, to: 6 },
      { labels, from: 2, to: 4, block: 4, similarity: "cosine" },
      { labels, from: 20, to: 40 },
      { labels: labels.map(() => 0), to: 3 },
    ] satisfies HardNegativesOptions[]
  ) {
    const found = await findHardNegatives(anchors, references, options);
    assertEquals([...found.indices], naive(...rows, options), JSON.stringify(options));
    const { from = 0, to = 32 }: HardNegativesOptions = options;
    assertEquals(found.width, to - from);
  }
  assertEquals(tf.memory().numTensors, before);
  tf.dispose([anchors, references]);
});

engineTest("findHardNegatives() finds no negatives of a row that is not a number", async () => {
  const rows = tf.tensor2d([[1, 0], [NaN, 1], [0, 1], [1, 1]]);
  const { indices } = await findHardNegatives(rows, rows, { to: 2 });
  assertEquals([...indices], [3, 2, -1, -1, 3, 0, 0, 2]);
  rows.dispose();
});

engineTest("findHardNegatives() rejects what does not fit, and leaks nothing", async () => {
  const rows = randomMatrix(0, 4, 3);
  const others = [randomMatrix(0, 3, 3), randomMatrix(0, 4, 2), tf.zeros([0, 3]) as tf.Tensor2D] as const;
  const before = tf.memory().numTensors;
  const rejects = (references: tf.Tensor2D, options: HardNegativesOptions, message: string) =>
    assertRejects(() => findHardNegatives(rows, references, options), RangeError, message);
  await rejects(others[0], {}, "there are 3 references, expected one for each of 4 anchors, or more");
  await rejects(others[1], {}, "references are 2 wide, expected 3");
  await rejects(others[2], {}, "references has shape [0,3]");
  await rejects(rows, { labels: [1, 2] }, "labels has 2 entries, expected one for each of 4 references");
  await rejects(rows, { labels: [1, 2, 3, 0.5] }, "labels[3] is 0.5, expected an integer");
  await rejects(rows, { from: -1 }, "from is -1, expected an integer from 0");
  await rejects(rows, { from: 3, to: 3 }, "to is 3, expected an integer from 4");
  await rejects(rows, { block: 0 }, "block is 0");
  await rejects(rows, { similarity: "l2" as "dot" }, "similarity is l2");
  assertEquals(tf.memory().numTensors, before);
  tf.dispose([rows, ...others]);
});

Deno.test("pickHardNegatives() picks the hardest that are nobody's positives, and none twice", () => {
  const cases = fc.integer({ min: 2, max: 9 }).chain((examples) =>
    fc.record({
      table: fc.array(
        fc.shuffledSubarray([...Array(examples + 4).keys()], { minLength: 5, maxLength: 5 }),
        { minLength: examples, maxLength: examples },
      ),
      labels: fc.option(
        fc.array(fc.integer({ min: -1, max: 6 }), { minLength: examples + 4, maxLength: examples + 4 }),
      ),
      batch: fc.shuffledSubarray([...Array(examples).keys()], { minLength: 1 }),
      count: fc.integer({ min: 1, max: 4 }),
    })
  );
  fc.assert(fc.property(cases, ({ table, labels, batch, count }) => {
    const negatives = { indices: Int32Array.from(table.flat()), width: 5 };
    const given = labels ? { ...negatives, labels: Int32Array.from(labels) } : negatives;
    const picked = [...pickHardNegatives(given, batch, count)];
    const expected: number[] = [];
    for (const row of batch) {
      let own = 0;
      for (const reference of table[row]!) {
        const wrong = batch.some((other) => other === reference || (labels && labels[other] === labels[reference]));
        if (own < count && !wrong && !expected.includes(reference)) own = expected.push(reference) && own + 1;
      }
    }
    assertEquals(picked, expected);
  }));
});

Deno.test("pickHardNegatives() passes over what is missing, and rejects what is no example", () => {
  const negatives = { indices: Int32Array.of(-1, -1, 5, -1, 0, 4), width: 2 };
  assertEquals([...pickHardNegatives(negatives, [0, 1, 2], 2)], [5, 4]);
  assertEquals([...pickHardNegatives(negatives, Int32Array.of(0), 2)], []);
  assertThrows(() => pickHardNegatives(negatives, [0, 3], 1), RangeError, "batch[1] is 3, expected one of 3 examples");
  assertThrows(() => pickHardNegatives(negatives, [-1], 1), RangeError, "batch[0] is -1");
  assertThrows(() => pickHardNegatives(negatives, [0], 0), RangeError, "count is 0");
  assert(negatives.indices.length === 6);
});
