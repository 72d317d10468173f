import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { fc } from "../support/properties.ts";
import { key } from "../../core/key.ts";
import { normal } from "../../core/stream.ts";
import { retrieval, type RetrievalOptions } from "../../metrics/mod.ts";
import { engineTest } from "../support/mod.ts";

/** Ranks by sorting all references by their similarity, the right one behind those that tie with it. */
function sortedRanks(queries: number[][], references: number[][], relevant: Int32Array, cosine: boolean): number[] {
  const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  return queries.map((query, i) => {
    const scored = references.map((reference, row) => {
      const length = cosine ? Math.hypot(...query) * Math.hypot(...reference) : 1;
      return { row, score: Math.round(dot(query, reference) / (length || 1) * 1e9) };
    });
    scored.sort((a, b) => b.score - a.score || Number(a.row === relevant[i]) - Number(b.row === relevant[i]));
    return scored.findIndex(({ row }) => row === relevant[i]) + 1;
  });
}

function matrix(rows: number[][]): tf.Tensor2D {
  return tf.tensor2d(rows, [rows.length, rows[0]!.length]);
}

const integerRows = (rows: { min: number; max: number }) =>
  fc.array(fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 3, maxLength: 3 }), {
    minLength: rows.min,
    maxLength: rows.max,
  });

const cases = fc.record({
  queries: integerRows({ min: 1, max: 8 }),
  references: integerRows({ min: 1, max: 12 }),
  picks: fc.array(fc.nat(), { minLength: 8, maxLength: 8 }),
  block: fc.constantFrom(1, 2, 7, 100),
  cosine: fc.boolean(),
});

engineTest("retrieval() lets a reference tie whose similarity is 0 but for rounding", async () => {
  const [queries, references] = [matrix([[-1, -1, 0]]), matrix([[0, 0, 0], [-2, 2, 0]])];
  const { ranks } = await retrieval(queries, references, { relevant: Int32Array.of(0) });
  tf.dispose([queries, references]);
  assertEquals([...ranks], [2]);
});

engineTest("retrieval() gives the ranks of a full sort, many ties among them", async () => {
  const property = fc.asyncProperty(cases, async ({ queries, references, picks, block, cosine }) => {
    const relevant = Int32Array.from(queries, (_, i) => picks[i]! % references.length);
    const [q, r] = [matrix(queries), matrix(references)];
    const { ranks, recall, mrr } = await retrieval(q, r, {
      relevant,
      block,
      k: [1, 3],
      similarity: cosine ? "cosine" : "dot",
    });
    tf.dispose([q, r]);
    const expected = sortedRanks(queries, references, relevant, cosine);
    assertEquals([...ranks], expected);
    const share = (k: number) => expected.filter((rank) => rank <= k).length / expected.length;
    assertAlmostEquals(recall[1]!, share(1), 1e-12);
    assertAlmostEquals(recall[3]!, share(3), 1e-12);
    assertAlmostEquals(mrr, expected.reduce((sum, rank) => sum + 1 / rank, 0) / expected.length, 1e-12);
  });
  await fc.assert(property, { numRuns: 60 });
});

function random(seed: number, rows: number, dim: number): tf.Tensor2D {
  return tf.tensor2d(normal(key(seed), [0], rows * dim), [rows, dim]);
}

engineTest("retrieval() gives the same ranks for every block size, copies of references included", async () => {
  const [queries, once] = [random(1, 20, 33), random(2, 15, 33)];
  const references = tf.concat([once, once, once, random(3, 6, 33)]) as tf.Tensor2D;
  const relevant = Int32Array.from({ length: 20 }, (_, i) => (i * 37) % 51);
  for (const similarity of ["cosine", "dot"] as const) {
    const whole = await retrieval(queries, references, { relevant, similarity, block: 51 });
    for (const block of [1, 7, 32]) {
      assertEquals((await retrieval(queries, references, { relevant, similarity, block })).ranks, whole.ranks);
    }
    // Each copy comes before the right one, unless it is one of the rows without a copy.
    const query = relevant.findIndex((row) => row < 45);
    assert(whole.ranks[query]! >= 3);
  }
});

engineTest("retrieval() gives nothing for a collapsed encoder, or for one that returns NaN", async () => {
  const relevant = Int32Array.from({ length: 20 }, (_, i) => i);
  const one = random(4, 1, 50);
  const collapsed = tf.tile(one, [20, 1]) as tf.Tensor2D;
  for (const rows of [collapsed, tf.zeros([20, 5]) as tf.Tensor2D, tf.fill([20, 5], NaN) as tf.Tensor2D]) {
    for (const similarity of ["cosine", "dot"] as const) {
      const { ranks, recall, mrr } = await retrieval(rows, rows, { relevant, similarity, block: 6 });
      assertEquals([...new Set(ranks)], [20]);
      assertEquals(recall, { 1: 0, 10: 0, 100: 1 });
      assertAlmostEquals(mrr, 1 / 20, 1e-12);
    }
  }
});

engineTest("retrieval() finds each row in its own matrix", async () => {
  const rows = random(5, 300, 16);
  const relevant = Int32Array.from({ length: 300 }, (_, i) => i);
  assertEquals((await retrieval(rows, rows, { relevant, block: 128 })).recall, { 1: 1, 10: 1, 100: 1 });
});

engineTest("retrieval() holds blocks of similarities only, and leaves nothing behind", async () => {
  const [queries, references] = [random(6, 512, 4), random(7, 1024, 4)];
  const relevant = Int32Array.from({ length: 512 }, (_, i) => (i * 7) % 1024);
  const tensors = tf.memory().numTensors;
  const held = tf.memory().numBytes;
  for (const block of [32, 64, 128]) {
    const { peakBytes } = await tf.profile(async () => {
      await retrieval(queries, references, { relevant, block });
    });
    const square = 4 * block * block;
    assert(peakBytes - held < 2 * square + 100 * block, `${(peakBytes - held) / square} blocks of ${block}`);
    assert(peakBytes - held > square, "the profile must have seen a block");
  }
  assertEquals(tf.memory().numTensors, tensors);
});

engineTest("retrieval() names what does not fit", async () => {
  const three = tf.ones([3, 2]) as tf.Tensor2D;
  const good: RetrievalOptions = { relevant: Int32Array.of(0, 1, 2) };
  const attempts = [
    [three, tf.ones([3, 4]), good, "references are 4 wide, expected 2"],
    [tf.zeros([0, 2]), three, good, "queries has shape [0,2]"],
    [three, tf.zeros([0, 2]), good, "references has shape [0,2]"],
    [three, three, { relevant: Int32Array.of(0, 1) }, "relevant has 2 entries, expected one for each of 3 queries"],
    [three, three, { relevant: Int32Array.of(0, 3, 1) }, "relevant[1] is 3, expected a row of 3 references"],
    [three, three, { relevant: Int32Array.of(0, 1, -1) }, "relevant[2] is -1"],
    [three, three, { ...good, k: [1, 0] }, "k is 0"],
    [three, three, { ...good, block: 1.5 }, "block is 1.5"],
    [three, three, { ...good, similarity: "l2" as "dot" }, "similarity is l2"],
  ] as const;
  for (const [queries, references, options, message] of attempts) {
    await assertRejects(
      () => retrieval(queries as tf.Tensor2D, references as tf.Tensor2D, options),
      RangeError,
      message,
    );
  }
});
