import * as tf from "@tensorflow/tfjs";
import { assertAlmostEquals, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { pullback } from "../../core/_autodiff.ts";
import {
  aligned,
  key,
  type Loss,
  maskedLogSumExp,
  maskedSum,
  measurePeak,
  type RowLoss,
  rowLoss,
  type Similarity,
  tiled,
  type TiledOptions,
} from "../../core/mod.ts";
import { infoNCE } from "../../losses/info_nce.ts";
import { engineTest, randomMatrix } from "../support/mod.ts";
import { sameRow, told, toy } from "./_row_support.ts";

const dim = 4;

/** The most bytes that a loss of labelled rows takes above what is given, with its gradient or without. */
async function peak(loss: Loss, examples: number, taped = true, width = dim): Promise<number> {
  const x = randomMatrix(1, examples, width);
  const targets = tf.tidy(() => tf.tensor1d(Array.from({ length: examples }, (_, i) => i % 50), "int32"));
  const context = { training: true, key: key(0), targets };
  const params = Object.values(loss.params ?? {}) as tf.Tensor[];
  const { peakBytes } = await measurePeak(() => {
    if (!taped) return loss([x, x], context).dispose();
    const { value, gradients } = pullback(() => loss([x, x], context), () => [x, ...params]);
    tf.dispose([value, ...gradients as tf.Tensor[]]);
  });
  tf.dispose([x, targets]);
  return peakBytes;
}

/** How much a peak grows for each example, from few to more and from more to many. */
async function growth(loss: Loss, taped: boolean): Promise<[number, number]> {
  const at = (examples: number) => peak(loss, examples, taped);
  const [few, more, many] = [await at(160), await at(320), await at(640)];
  return [(more - few) / 160, (many - more) / 320];
}

/** A loss that keeps little at a time. */
const lean = (similarity: Similarity) =>
  rowLoss({
    title: "the lean loss",
    similarity,
    pairing: aligned(),
    terms: ({ similarity, positive, negative, rows }) => {
      const terms = tf.sub(maskedLogSumExp(similarity, negative), maskedSum(similarity, positive));
      return { sum: tf.sum(terms) as tf.Scalar, count: rows };
    },
  });

const losses: [string, RowLoss][] = [
  ["terms", lean("cosine")],
  ["terms on dot products", lean("dot")],
  ["a closed form", infoNCE()],
];
for (const [what, loss] of losses) {
  for (const taped of [true, false]) {
    engineTest(
      `tiled() of ${what} grows with the batch as rows do, ${taped ? "with" : "without"} a gradient`,
      async () => {
        const rows = 8;
        const [early, late] = await growth(tiled(loss, { rows }), taped);
        // A column of the tile's matrices, and the rows: compared, transposed, their gradients, twice as they are kept.
        assertLess(early, 4 * (10 * rows + 10 * dim));
        assertAlmostEquals(late, early, 0.02 * early);
      },
    );
  }

  engineTest(`tiled() of ${what} takes about as many bytes as it is allowed`, async () => {
    const examples = 1000;
    for (const bytes of [1e6, 8e6]) {
      const used = await peak(tiled(loss, { bytes }), examples);
      assertLess(used, bytes + 10 * 4 * examples * dim);
      assertGreater(used, 0.4 * bytes);
    }
  });
}

engineTest("tiled() adds gradients of wide rows up in pieces, in little more than themselves", async () => {
  const [rows, wide] = [8, 256];
  for (const [loss, matrices] of [[lean("dot"), 10], [infoNCE({ similarity: "dot" }), 4]] as const) {
    const at = (examples: number) => peak(tiled(loss, { rows }), examples, true, wide);
    // Columns of the tile's matrices, and the rows' gradient with little besides.
    assertLess((await at(2048) - await at(1024)) / 1024, 4 * (matrices * rows + 3.5 * wide));
  }
});

/** The most anchors of a tile that terms see. */
function mostAnchors(options: TiledOptions, examples: number, dim: number): number {
  let most = 0;
  const loss = rowLoss({
    title: "t",
    similarity: "dot",
    pairing: sameRow(),
    terms: ({ rows }) => {
      most = Math.max(most, rows);
      return { sum: tf.scalar(0), count: 1 };
    },
  });
  tf.tidy(() => {
    const x = tf.zeros([examples, dim]) as tf.Tensor2D;
    tiled(loss, options)([x, x], told());
  });
  return most;
}

engineTest("tiled() takes one anchor at a time where bytes allow no more, and never more than there are", () => {
  assertEquals(mostAnchors({ bytes: 1e-3 }, 20, 4), 1);
  assertEquals(mostAnchors({}, 20, 4), 20);
  assertEquals(mostAnchors({ rows: 21, bytes: 1 }, 20, 4), 20);
});

engineTest("tiled() allows 32 MB if nothing is said, or twice the representations if that is more", async () => {
  const used = await peak(lean("cosine"), 1500);
  assertLess(used, 32e6);
  assertGreater(used, 16e6);
  assertLess(mostAnchors({}, 1000, 4), 1000);
  assertEquals(mostAnchors({}, 1000, 4000), 1000);
});

engineTest("tiled() keeps the gradients of parameters of a few tiles at a time", async () => {
  const weights = tf.variable(tf.ones([64, 64]));
  const loss = rowLoss({
    title: "t",
    params: { weights },
    pairing: aligned(),
    terms: ({ similarity, rows }) => ({
      sum: tf.mul(tf.sum(similarity), tf.sum(tf.square(weights as tf.Tensor))) as tf.Scalar,
      count: rows,
    }),
  });
  const used = await peak(tiled(loss, { rows: 4 }), 400);
  // A hundred tiles.
  assertLess(used, 32 * 4 * weights.size);
  weights.dispose();
});

engineTest("tiled() names the size that is wrong", () => {
  const faults: [TiledOptions, string][] = [
    [{ rows: 0 }, "Cannot tile a loss: rows is 0, expected an integer of at least 1, or Infinity"],
    [{ rows: 1.5 }, "rows is 1.5"],
    [{ rows: -3 }, "rows is -3"],
    [{ rows: NaN }, "rows is NaN"],
    [{ rows: -Infinity }, "rows is -Infinity"],
    [{ bytes: 0 }, "Cannot tile a loss: bytes is 0, expected a number above 0"],
    [{ bytes: -1 }, "bytes is -1"],
    [{ bytes: NaN }, "bytes is NaN"],
  ];
  for (const [options, message] of faults) assertThrows(() => tiled(toy(), options), RangeError, message);
  for (const rows of [1, Infinity]) tiled(toy(), { rows, bytes: Infinity });
});
