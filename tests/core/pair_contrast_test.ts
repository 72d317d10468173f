import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { contrastSum, softplusSum, type Tensor2D } from "../../core/mod.ts";
import { engineTest } from "../support/mod.ts";
import { compare, random, tapeBytes } from "./_ops_support.ts";

const [rows, columns] = [5, 7];
/** Random masks that exclude each other; row 1 has no positive, row 2 no negative, row 3 neither. */
function masks(): { positive: Tensor2D; negative: Tensor2D } {
  const draws = random("masks", [rows, columns]).arraySync() as number[][];
  const mask = (holds: (x: number, row: number) => boolean) =>
    tf.tensor2d(draws.map((row, i) => row.map((x) => holds(x, i) ? 1 : 0)), [rows, columns], "bool");
  return {
    positive: mask((x, row) => x > 0.5 && row !== 1 && row !== 3),
    negative: mask((x, row) => x < 0.2 && row !== 2 && row !== 3),
  };
}

engineTest("softplusSum() is what the engine's ops give, and leaves one matrix on the tape", () => {
  const { negative } = masks();
  const composed = (x: tf.Tensor) => tf.sum(tf.mul(tf.softplus(x), tf.cast(negative, "float32")), 1, true);
  compare((x) => softplusSum(x as Tensor2D, negative), composed, [[rows, columns]]);
  const x = random("x", [64, 64]);
  const all = tf.ones([64, 64], "bool") as Tensor2D;
  assertEquals(tapeBytes((x) => softplusSum(x as Tensor2D, all), x), 4 * 64 * 64);
});

engineTest("softplusSum() keeps large and small terms", () => {
  const terms = [[100], [-20], [-100]];
  const values = softplusSum(tf.tensor2d(terms), tf.ones([3, 1], "bool")).dataSync();
  assertEquals(values[0], 100);
  assertAlmostEquals(values[1]! / Math.exp(-20), 1, 1e-5);
  assert(values[2]! < 1e-37);
});

engineTest("contrastSum() is what the engine's ops give, and leaves one matrix on the tape", () => {
  const { positive, negative } = masks();
  const composed = (x: tf.Tensor) => {
    const exponentials = tf.mul(tf.exp(x), tf.cast(negative, "float32"));
    const terms = tf.log(tf.add(tf.div(tf.sum(exponentials, 1, true), tf.exp(x)), 1));
    return tf.sum(tf.mul(terms, tf.cast(positive, "float32")), 1, true);
  };
  compare((x) => contrastSum(x as Tensor2D, positive, negative), composed, [[rows, columns]]);
  const x = random("x", [64, 64]);
  const [half, other] = [tf.less(x, 0), tf.greaterEqual(x, 0)] as [Tensor2D, Tensor2D];
  assertEquals(tapeBytes((x) => contrastSum(x as Tensor2D, half, other), x), 4 * 64 * 64);
});

engineTest("contrastSum() keeps large and small terms", () => {
  const [first, others] = [[[1, 0, 0], [1, 0, 0]], [[0, 1, 1], [0, 1, 1]]];
  const mask = (entries: number[][]) => tf.tensor2d(entries, [2, 3], "bool");
  const x = tf.tensor2d([[500, 480, 480], [-500, 500, 500]]);
  const values = contrastSum(x, mask(first), mask(others)).dataSync();
  assertAlmostEquals(values[0]! / (2 * Math.exp(-20)), 1, 1e-5);
  assertAlmostEquals(values[1]!, 1000 + Math.LN2, 1e-3);
  const gradient = tf.grad((x) => contrastSum(x as Tensor2D, mask(first), mask(others)))(x).arraySync() as number[][];
  assertEquals(gradient[1], [-1, 0.5, 0.5]);
});
