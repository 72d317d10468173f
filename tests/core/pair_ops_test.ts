import * as tf from "@tensorflow/tfjs";
import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import {
  anyInRow,
  countRows,
  hingeSum,
  maskedLogSumExp,
  maskedSum,
  type Tensor,
  type Tensor2D,
  unitDistances,
} from "../../core/mod.ts";
import { fill } from "../../core/ops/pairs/masked_log_sum_exp.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";
import { tapeBytes } from "./_ops_support.ts";
import { differences, matrix, type Rows, rowsOf } from "./_row_support.ts";

type Mask = readonly (readonly number[])[];
// A row with a few entries, one with all, one with none, one with a single one.
const mask: Mask = [[1, 0, 1, 1, 0], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0], [0, 0, 0, 1, 0]];
const rows = rowsOf(1, 4, 5);
const weights = [0.5, -1, 2, 3];

const bools = (values: Mask) => tf.tensor2d(values.map((row) => [...row]), [values.length, values[0]!.length], "bool");
const masked = (values: Rows, of: Mask = mask) => values.map((row, i) => row.filter((_, j) => of[i]![j]));

/** The weighted gradient of an op, read. */
function slope(op: (x: Tensor2D) => Tensor, at: Rows): number[] {
  return tf.tidy(() => {
    const cotangent = tf.tensor2d(weights.slice(0, at.length), [at.length, 1]);
    return [...tf.grad((x) => tf.sum(tf.mul(op(x as Tensor2D), cotangent)))(matrix(at)).dataSync()];
  });
}

/** Asserts that an op leaves its value alone, and its gradient alone. */
function assertNoLeaks(op: (x: Tensor2D) => Tensor): void {
  const x = matrix(rows);
  assertNewTensors(1, () => op(x)).dispose();
  assertNewTensors(1, () => tf.grad((x) => tf.sum(op(x as Tensor2D)))(x)).dispose();
  x.dispose();
}

const logSumExp = (values: readonly number[]) => Math.log(values.reduce((sum, x) => sum + Math.exp(x), 0));

engineTest("maskedLogSumExp() agrees with loops and finite differences", () => {
  tf.tidy(() => {
    const m = bools(mask);
    const value = maskedLogSumExp(matrix(rows), m);
    assertEquals(value.shape, [4, 1]);
    masked(rows).forEach((row, i) => {
      if (row.length > 0) assertAlmostEquals(value.dataSync()[i]!, logSumExp(row), 1e-6);
    });
    const naive = ([x]: readonly Rows[]) =>
      masked(x!).reduce((sum, row, i) => sum + (row.length > 0 ? weights[i]! * logSumExp(row) : 0), 0);
    const found = slope((x) => maskedLogSumExp(x, m), rows);
    assertClose(found, differences(naive, [rows])[0]!, 1e-5);
    // What is masked out gets nothing at all.
    mask.flat().forEach((kept, at) => assert(kept === 1 || found[at] === 0));
  });
});

engineTest("maskedLogSumExp() of a row without entries is finite, its exponential and softplus are 0", () => {
  tf.tidy(() => {
    const [x, m] = [matrix([[1, -1e4], [1e4, 2]]), bools([[0, 0], [0, 0]])];
    const value = maskedLogSumExp(x, m);
    assertEquals([...value.dataSync()], [Math.fround(-1e30), Math.fround(-1e30)]);
    assertEquals([...tf.exp(value).dataSync(), ...tf.softplus(value).dataSync()], [0, 0, 0, 0]);
    assertEquals(slope((x) => maskedLogSumExp(x, m), [[1, -1e4], [1e4, 2]]).map(Math.abs), [0, 0, 0, 0]);
    // Not even under a steep function of it.
    const through = slope((x) => tf.softplus(maskedLogSumExp(x, m)), [[1, -1e4], [1e4, 2]]);
    assertEquals(through.map(Math.abs), [0, 0, 0, 0]);
  });
});

engineTest("maskedLogSumExp() neither overflows nor underflows", () => {
  tf.tidy(() => {
    const extreme = [[1e4, 1e4, -1e4, 9999], [-1e4, -1e4, 1e4, -1e4], [-1e4, 0, 5e4, -5e4], [88, 89, -104, 1e4]];
    const kept = [[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 1], [1, 1, 1, 0]];
    const values = maskedLogSumExp(matrix(extreme), bools(kept)).dataSync();
    const expected = [1e4 + Math.log(2 + Math.exp(-1)), -1e4 + Math.LN2, -1e4, 89 + Math.log(1 + Math.exp(-1))];
    assertClose(values, expected, 1e-6);
    const found = slope((x) => maskedLogSumExp(x, bools(kept)), extreme);
    const half = Math.exp(-1) / (1 + Math.exp(-1));
    const first = [1, 1, 0, Math.exp(-1)].map((x) => 0.5 * x / (2 + Math.exp(-1)));
    assertClose(found, [...first, -0.5, -0.5, 0, 0, 2, 0, 0, 0, 3 * half, 3 * (1 - half), 0, 0], 1e-5);
  });
});

engineTest("maskedSum() agrees with loops and finite differences", () => {
  tf.tidy(() => {
    const m = bools(mask);
    const sum = (row: readonly number[]) => row.reduce((total, x) => total + x, 0);
    const value = maskedSum(matrix(rows), m);
    assertEquals(value.shape, [4, 1]);
    assertClose(value, masked(rows).map(sum), 1e-6);
    assertEquals(value.dataSync()[2], 0);
    const found = slope((x) => maskedSum(x, m), rows);
    assertClose(found, mask.flatMap((row, i) => row.map((kept) => kept * weights[i]!)), 0);
    // What is masked out may be anything.
    const odd = [[NaN, 1e4, Infinity], [-1e4, NaN, 1e4]];
    assertEquals([...maskedSum(matrix(odd), bools([[0, 1, 0], [1, 0, 1]])).dataSync()], [1e4, 0]);
  });
});

engineTest("maskedLogSumExp() takes anything where the mask does not hold", () => {
  tf.tidy(() => {
    const odd = [[NaN, 2, Infinity], [0, -Infinity, NaN]];
    const m = bools([[0, 1, 0], [1, 0, 0]]);
    assertClose(maskedLogSumExp(matrix(odd), m), [2, 0], 1e-6);
    assertClose(slope((x) => maskedLogSumExp(x, m), odd), [0, 0.5, 0, -1, 0, 0], 1e-6);
  });
});

engineTest("hingeSum() adds positive parts up and counts them", () => {
  tf.tidy(() => {
    const values = [[1, -2, 4, 0, 8], [-1, -1, 0.5, 1e4, -1e4], [7, 7, 7, 7, 7], [3, 3, 3, 0, 3]];
    const m = bools(mask);
    const above = masked(values).flat().filter((x) => x > 0);
    const { sum, count } = hingeSum(matrix(values), m);
    assertEquals([sum.shape, count.shape], [[], []]);
    assertAlmostEquals(sum.dataSync()[0]!, above.reduce((total, x) => total + x), 1e-3);
    assertEquals(count.dataSync()[0], above.length);
    const gradient = tf.grad((x) => tf.mul(hingeSum(x as Tensor2D, m).sum, -2))(matrix(values));
    // At 0 itself there is none.
    const expected = values.flatMap((row, i) => row.map((x, j) => mask[i]![j] && x > 0 ? -2 : 0));
    assertEquals([...gradient.dataSync()].map((x) => x || 0), expected);
    const none = hingeSum(matrix([[-1, 0]]), bools([[1, 1]]));
    assertEquals([none.sum.dataSync()[0], none.count.dataSync()[0]], [0, 0]);
  });
});

engineTest("countRows(), anyInRow() and fill() read masks row by row", () => {
  tf.tidy(() => {
    const m = bools(mask);
    assertEquals(countRows(m).arraySync(), [[3], [5], [0], [1]]);
    assertEquals(anyInRow(m).arraySync(), [[1], [1], [0], [1]]);
    assertEquals([countRows(m).dtype, anyInRow(m).dtype], ["float32", "float32"]);
    assertEquals(fill(matrix([[NaN, 2], [3, 4]]), bools([[0, 1], [1, 0]]), -7).arraySync(), [[-7, 2], [3, -7]]);
    const x = matrix(rows);
    assertNewTensors(3, () => [countRows(m), anyInRow(m), fill(x, m, 0)]);
  });
});

engineTest("unitDistances() agrees with loops and finite differences", () => {
  tf.tidy(() => {
    const cosines = [[-1, -0.999, -0.5, 0, 0.3], [0.9, 0.99, 0.999, 0.9999, 0.99999]];
    const distance = (s: number) => Math.sqrt(2 - 2 * s);
    assertClose(unitDistances(matrix(cosines)), cosines.flat().map(distance), 1e-6);
    // Differences of 0.99999 lose digits in float32: 2 - 2s is 2e-5, ± 1e-7.
    const found = slope(unitDistances, cosines);
    const expected = cosines.flatMap((row, i) => row.map((s) => -weights[i]! / distance(Math.fround(s))));
    assertClose(found, expected, 1e-5);
    const inner = cosines.map((row) => row.map((s) => Math.max(s, -0.99)));
    const naive = ([x]: readonly Rows[]) =>
      x!.reduce((sum, row, i) => sum + row.reduce((total, s) => total + weights[i]! * distance(s), 0), 0);
    assertClose(slope(unitDistances, inner), differences(naive, [inner], 1e-8)[0]!, 1e-3);
  });
});

engineTest("unitDistances() of rows that float32 cannot tell apart is 0 without a gradient", () => {
  tf.tidy(() => {
    // Rounding takes cosines of equal rows to either side of 1, and of opposite ones below -1.
    const cosines = [[1, 1 + 2 ** -22, 1 - 2 ** -24, 1 + 1e-6, 1 - 2 ** -23], [-1 - 2 ** -22, 1.5, 1, 1, 1]];
    const values = [...unitDistances(matrix(cosines)).dataSync()];
    assertEquals(values.slice(0, 5).map(Math.abs), [0, 0, 0, 0, 0]);
    assertAlmostEquals(values[5]!, 2, 1e-6);
    assertEquals(values.slice(6).map(Math.abs), [0, 0, 0, 0]);
    const found = slope(unitDistances, cosines);
    assertEquals([...found.slice(0, 5), ...found.slice(6)].map(Math.abs), Array(9).fill(0));
    assertAlmostEquals(found[5]!, -weights[1]! / 2, 1e-6);
  });
});

engineTest("ops over pairs leave their values and gradients only, and little on the tape", () => {
  const m = bools(mask);
  assertNoLeaks((x) => maskedLogSumExp(x, m));
  assertNoLeaks((x) => maskedSum(x, m));
  assertNoLeaks(unitDistances);
  assertNoLeaks((x) => tf.tidy(() => hingeSum(x, m).sum));
  tf.tidy(() => {
    const [x, all] = [tf.zeros([64, 64]), tf.ones([64, 64], "bool") as Tensor2D];
    const matrices = (run: (x: Tensor2D) => Tensor) => tapeBytes((x) => run(x as Tensor2D), x) / (4 * x.size);
    assertLess(matrices((x) => maskedLogSumExp(x, all)), 1.1);
    assertLess(matrices((x) => maskedSum(x, all)), 0.3);
    assertLess(matrices(unitDistances), 1.1);
  });
  m.dispose();
});
