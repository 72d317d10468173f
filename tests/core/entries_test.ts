import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { entries, maskedMax, maskedMin, rowFunction } from "../../core/mod.ts";
import { assertClose, assertNewTensors, engineTest, randomMatrix } from "../support/mod.ts";

const x = [[1, 5, 5, -2], [4, 0, 3, 9], [7, 7, 7, 7]];
const mask = [[0, 1, 1, 1], [0, 0, 0, 0], [1, 1, 0, 1]];

/** What a function of a matrix gives, and what flows back from weights 1, 2, 3 … of its entries. */
function differentiate(run: (x: tf.Tensor2D) => tf.Tensor2D, at: number[][]) {
  return tf.tidy(() => {
    const given = tf.tensor2d(at);
    const value = assertNewTensors(1, () => tf.tidy(() => run(given)));
    const weights = tf.reshape(tf.range(1, value.size + 1), value.shape);
    const gradient = tf.grad((x) => tf.sum(tf.mul(run(x as tf.Tensor2D), weights)))(given) as tf.Tensor2D;
    return { value: value.arraySync(), gradient: gradient.arraySync() };
  });
}

engineTest("entries() takes entries of each row, and gives them their gradient", () => {
  const columns = tf.tensor2d([[1, 3], [0, 0], [2, 1]], [3, 2], "int32");
  const { value, gradient } = differentiate((x) => entries(x, columns), x);
  assertEquals(value, [[5, -2], [4, 4], [7, 7]]);
  assertEquals(gradient, [[0, 1, 0, 2], [3 + 4, 0, 0, 0], [0, 6, 5, 0]]);
  columns.dispose();
});

engineTest("maskedMax() and maskedMin() give the gradient to the first of the extreme entries", () => {
  const is = tf.tensor2d(mask, [3, 4], "bool");
  const most = differentiate((x) => maskedMax(x, is), x);
  assertEquals(most.value.map(([x]) => Math.fround(x!)), [5, Math.fround(-1e30), 7]);
  assertEquals(most.gradient, [[0, 1, 0, 0], [0, 0, 0, 0], [3, 0, 0, 0]]);
  const least = differentiate((x) => maskedMin(x, is), x);
  assertEquals(least.value.map(([x]) => Math.fround(x!)), [-2, Math.fround(1e30), 7]);
  assertEquals(least.gradient, [[0, 0, 0, 1], [0, 0, 0, 0], [3, 0, 0, 0]]);
  is.dispose();
});

engineTest("rowFunction() gives what its function gives, and leaves no more", () => {
  const run = (x: tf.Tensor2D) => tf.logSumExp(tf.sin(x), 1, true) as tf.Tensor2D;
  const [plain, fused] = [run, (x: tf.Tensor2D) => rowFunction(x, run)].map((of) => differentiate(of, x));
  assertClose(fused!.value.flat(), plain!.value.flat(), 1e-6);
  assertClose(fused!.gradient.flat(), plain!.gradient.flat(), 1e-6);
  const given = randomMatrix(1, 3, 4);
  assertNewTensors(1, () => tf.grad((x) => tf.sum(rowFunction(x as tf.Tensor2D, run)))(given)).dispose();
  given.dispose();
});
