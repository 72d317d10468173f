import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { type Block, key, normal, type Tensor2D, tiled } from "../../core/mod.ts";
import { pairWeighting } from "../../losses/mod.ts";
import { balanced } from "../../recipes/embedding-memory/balance.ts";
import { weightingOf, type WeightingSpec } from "../../recipes/embedding-memory/weights.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";

/** Similarities of anchors: two positives, three negatives, and the anchor itself. */
const rows = [[0.9, 0.2, 0.5, 0.35, -0.7, 1], [0.4, 0.8, 0.1, 0.2, -0.3, 1], [0.95, 0.9, 0.99, 0.6, 0.31, 1]];

function blockOf(similarity: Tensor2D): Block {
  const mask = (is: readonly boolean[]) => tf.tensor2d(rows.map(() => [...is]), undefined, "bool");
  return {
    first: 0,
    rows: rows.length,
    similarity,
    positive: mask([true, true, false, false, false, false]),
    negative: mask([false, false, true, true, true, false]),
    anchors: tf.zeros([rows.length, 1]) as Tensor2D,
    references: tf.zeros([6, 1]) as Tensor2D,
    further: [],
    shared: [],
    key: key(0),
  };
}

function weightsOf(spec: WeightingSpec): { positive: number[][]; negative: number[][] } {
  return tf.tidy(() => {
    const { positive, negative } = balanced(weightingOf(spec));
    const block = blockOf(tf.tensor2d(rows));
    const [p, n] = [positive, negative].map((weight) => weight(block.similarity, block).arraySync());
    return { positive: p!, negative: n! };
  });
}

engineTest("balanced() gives each anchor's positives and negatives shares of 1 in the proportions of the curve", () => {
  const { positive, negative } = assertNewTensors(
    0,
    () => weightsOf({ positive: { linear: 1 }, negative: { step: 0.3 } }),
  );
  const shares = (weights: number[]) => weights.map((weight) => weight / weights.reduce((sum, x) => sum + x));
  assertClose(positive.flat(), rows.flatMap(([a, b]) => [...shares([1 - a!, 1 - b!]), 0, 0, 0, 0]), 1e-5);
  // The second anchor has no negative above the threshold: none weighs anything.
  const expected = [[0, 0, 1 / 2, 1 / 2, 0, 0], [0, 0, 0, 0, 0, 0], [0, 0, 1 / 3, 1 / 3, 1 / 3, 0]];
  assertClose(negative.flat(), expected.flat(), 1e-6);
});

engineTest("balanced() divides by absolute values where weights push positives away", () => {
  const { positive } = weightsOf("infoNCE");
  for (const weights of positive) {
    const size = weights.reduce((sum, weight) => sum + Math.abs(weight), 0);
    assertClose([size], [1], 1e-5);
  }
  // The first positive is so much nearer than the second that it is pushed away.
  assertEquals(positive[0]!.slice(0, 2).map(Math.sign), [-1, 1]);
});

engineTest("balanced weights are the same in tiles of any size, and at any scale", () => {
  const values = normal(key(1), [0], 9 * 4);
  const targets = tf.tensor1d([0, 0, 0, 1, 1, 2, 2, 2, 3], "int32");
  const gradient = (spec: WeightingSpec, tile: number) =>
    tf.tidy(() => {
      const loss = tiled(pairWeighting(balanced(weightingOf(spec))), { rows: tile });
      const run = (x: tf.Tensor) => loss([x as Tensor2D], { training: true, key: key(0), targets });
      return [...tf.grad(run)(tf.tensor2d(values, [9, 4])).dataSync()];
    });
  for (const negative of [{ step: 0.1 }, "exponential", "multiSimilarity", "infoNCE"] as const) {
    const spec: WeightingSpec = { positive: "multiSimilarity", negative };
    const whole = gradient(spec, 9);
    for (const tile of [1, 4]) assertClose(gradient(spec, tile), whole, 1e-5, `tiles of ${tile}`);
  }
  const scaled = { positive: { constant: 7 }, negative: { linear: { above: 0, scale: 30 } } };
  assertClose(gradient(scaled, 9), gradient({ positive: "constant", negative: { linear: 0 } }, 9), 1e-5);
  targets.dispose();
});
