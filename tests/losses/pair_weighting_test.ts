import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { aligned, tiled } from "../../core/mod.ts";
import { pairWeighting, type PairWeights } from "../../losses/mod.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";
import { cosines, relatives } from "./_naive.ts";
import { rowLossSuite } from "./_row_loss_suite.ts";
import { differentiate, labelled, matrix, randomRows, type Rows } from "./_support.ts";

/** Rounded, so that the steps of finite differences do not change it. */
const rounded = (rows: Rows): Rows => rows.map((row) => row.map((x) => Math.round(100 * x) / 100));

/** The weights come from rounded rows: they are constants of the gradient, and so of finite differences. */
function naive(rows: Rows, labels: readonly number[]): number {
  const [all, held] = [cosines(rows), cosines(rounded(rows))];
  let sum = 0;
  labels.forEach((_, a) => {
    const { positives, negatives } = relatives(labels, a);
    for (const p of positives) sum -= Math.exp(-held[a]![p]!) * all[a]![p]!;
    for (const n of negatives) sum += held[a]![n]! ** 2 * all[a]![n]!;
  });
  return sum / labels.length;
}

const smooth: PairWeights = { positive: (s) => tf.exp(tf.neg(s)), negative: (s) => tf.square(s) };

rowLossSuite({
  name: "pairWeighting()",
  make: () => pairWeighting(smooth),
  naive,
  rows: rounded(randomRows(11, 9, 4)),
});

engineTest("pairWeighting() takes no notice of weights of other pairs", () => {
  const [rows, labels] = [randomRows(2, 6, 3), [0, 0, 1, 1, 1, 2]];
  const nothing = (mask: tf.Tensor) => tf.where(mask, tf.zeros(mask.shape), tf.fill(mask.shape, NaN));
  const wild: PairWeights = {
    positive: (s, block) => tf.add(smooth.positive(s, block), nothing(block.positive)) as tf.Tensor2D,
    negative: (s, block) => tf.add(smooth.negative(s, block), nothing(block.negative)) as tf.Tensor2D,
  };
  assertEquals(
    differentiate(pairWeighting(wild), [rows], labels),
    differentiate(pairWeighting(smooth), [rows], labels),
  );
});

engineTest("pairWeighting() shows weights the block that they belong to", () => {
  const seen: [number, number, number[]][] = [];
  const look: PairWeights = {
    ...smooth,
    positive: (s, block) => {
      seen.push([block.first, block.rows, [...block.positive.dataSync()]]);
      return smooth.positive(s, block);
    },
  };
  tf.tidy(() => {
    tiled(pairWeighting(look), { rows: 2 })([matrix(randomRows(1, 3, 2))], labelled([4, 5, 4]));
  });
  assertEquals(seen, [[0, 2, [0, 0, 1, 0, 0, 0]], [2, 1, [1, 0, 0]]]);
});

engineTest("pairWeighting() works on other pairings", () => {
  const matrices = [randomRows(1, 3, 2), randomRows(2, 4, 2)];
  const { value, gradients } = differentiate(tiled(pairWeighting(smooth), { pairing: aligned() }), matrices);
  const all = cosines(matrices[0]!, matrices[1]!);
  const terms = all.map((row, a) => row.map((s, j) => j === a ? -Math.exp(-s) * s : s ** 3));
  assertAlmostEquals(value, terms.flat().reduce((x, y) => x + y) / 3, 1e-6);
  assertEquals(gradients.map((gradient) => gradient.length), [6, 8]);
});

engineTest("pairWeighting() gives pairs that weigh the same the gradient of a mean similarity", () => {
  const [rows, labels] = [randomRows(2, 6, 3), [0, 0, 1, 1, 1, 2]];
  const even: PairWeights = { positive: (s) => tf.zerosLike(s), negative: (s) => tf.onesLike(s) };
  const { gradients } = differentiate(pairWeighting(even), [rows], labels);
  tf.tidy(() => {
    const others = tf.tensor2d(labels.map((a) => labels.map((b) => a === b ? 0 : 1 / 6)));
    const mean = (x: tf.Tensor) => {
      const unit = tf.div(x, tf.norm(x, 2, 1, true));
      return tf.sum(tf.mul(tf.matMul(unit as tf.Tensor2D, unit as tf.Tensor2D, false, true), others));
    };
    assertClose(gradients[0]!, tf.grad(mean)(matrix(rows)), 1e-5);
  });
});

engineTest("pairWeighting() refuses weights of another shape and leaves nothing behind", () => {
  const loss = pairWeighting({ ...smooth, negative: (s) => tf.sum(s, 1, true), title: "my loss" });
  const [rows, given] = [matrix(randomRows(1, 3, 2)), labelled([0, 0, 1])];
  const message = "Cannot compute my loss: weights of negatives have shape [3,1], expected [3,3]";
  assertNewTensors(0, () => assertThrows(() => loss([rows], given), RangeError, message));
  const grad = () => tf.grad((x) => loss([x as tf.Tensor2D], given))(rows);
  assertNewTensors(0, () => assertThrows(grad, RangeError, message));
});

Deno.test("pairWeighting() names an option that is wrong, and is named by its title", () => {
  const wrong = { positive: smooth.positive, negative: 3 as never };
  assertThrows(() => pairWeighting(wrong), TypeError, "negative is 3, expected a function");
  assertThrows(() => pairWeighting({} as never), TypeError, "positive is undefined");
  assertEquals(pairWeighting(smooth).title, "pair weighting");
  assertEquals(pairWeighting({ ...smooth, title: "mine" }).title, "mine");
});
