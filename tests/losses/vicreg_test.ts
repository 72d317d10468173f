import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { vicReg, type VicRegOptions } from "../../losses/vicreg.ts";
import { assertClose, engineTest } from "../support/mod.ts";
import golden from "../fixtures/golden.json" with { type: "json" };
import { differentiate, finiteDifferences, randomRows, type Rows, valueOf } from "./_support.ts";

const { X, Y, cases } = golden;

/** VICReg by loops in float64. */
function naive([a, b]: readonly Rows[], options: VicRegOptions = {}): number {
  const { invariance = 25, variance = 25, covariance = 1, target = 1, epsilon = 1e-4 } = options;
  const [n, d] = [a!.length, a![0]!.length];
  let total = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) total += invariance * (a![i]![j]! - b![i]![j]!) ** 2 / (n * d);
  }
  for (const view of [a!, b!]) {
    const mean = (j: number) => view.reduce((sum, row) => sum + row[j]!, 0) / n;
    for (let j = 0; j < d; j++) {
      for (let k = 0; k < d; k++) {
        const c = view.reduce((sum, row) => sum + (row[j]! - mean(j)) * (row[k]! - mean(k)), 0) / (n - 1);
        if (j !== k) total += covariance * c ** 2 / d;
        else total += variance / 2 * Math.max(0, target - Math.sqrt(c + epsilon)) / d;
      }
    }
  }
  return total;
}

engineTest("vicReg() agrees with VICRegLoss(25,25,1,eps1e-4)", () => {
  const expected = cases["VICRegLoss(25,25,1,eps1e-4)"];
  for (const loss of [vicReg(), vicReg({ invariance: 25, variance: 25, covariance: 1, epsilon: 1e-4, target: 1 })]) {
    const { value, gradients } = differentiate(loss, [X, Y]);
    assertAlmostEquals(value, expected.loss, 1e-6 * expected.loss);
    for (const side of [0, 1]) {
      assertAlmostEquals(Math.hypot(...gradients[side]!), expected.gradFro[side]!, 1e-5 * expected.gradFro[side]!);
      assertClose(gradients[side]!.slice(0, 4), expected.gradRow0[side]!, 1e-5);
    }
  }
});

const [a, b] = [randomRows(1, 7, 3), randomRows(2, 7, 3)];
// Columns on both sides of the target.
const spread = a.map((row) => row.map((x, j) => x * (j + 0.3)));
const configurations: readonly (readonly [string, readonly Rows[], VicRegOptions])[] = [
  ["defaults", [a, b], {}],
  ["columns above and below the target", [spread, b], { target: 1.2 }],
  ["invariance alone", [a, b], { variance: 0, covariance: 0, invariance: 3 }],
  ["variance alone", [spread, b], { invariance: 0, covariance: 0, epsilon: 0.1, target: 2 }],
  ["covariance alone", [a, b], { invariance: 0, variance: 0, covariance: 2 }],
  ["one column", [a.map(([x]) => [x!]), b.map(([x]) => [x!])], { target: 3 }],
  ["two examples", [a.slice(0, 2), b.slice(0, 2)], {}],
];
for (const [name, views, options] of configurations) {
  engineTest(`vicReg() agrees with naive loops and finite differences: ${name}`, () => {
    for (const rows of [2, 1024]) {
      const loss = vicReg({ ...options, rows });
      const expected = naive(views, options);
      const { value, gradients } = differentiate(loss, views);
      assertAlmostEquals(value, expected, 1e-6 * expected);
      assertAlmostEquals(valueOf(loss, views), value, 1e-6 * expected);
      const slopes = finiteDifferences((x) => naive(x, options), views);
      assertClose(gradients.flat(), slopes.flat(), 1e-5);
    }
  });
}

engineTest("vicReg() pushes a column apart only as far as the target", () => {
  const loss = vicReg({ invariance: 0, covariance: 0, target: 0.5 });
  const wide = [[-1, 2], [1, -2], [-1, 2], [1, -2]];
  const { value, gradients } = differentiate(loss, [wide, wide]);
  assertEquals(value, 0);
  assert(gradients.flat().every((x) => Math.abs(x) === 0));
  const narrow = wide.map((row) => row.map((x) => x / 10));
  const pushed = differentiate(loss, [narrow, narrow]);
  // Descent moves every entry away from the mean, which is 0.
  pushed.gradients[0]!.forEach((slope, i) => assert(slope * narrow.flat()[i]! < 0));
});

Deno.test("vicReg() refuses impossible options", () => {
  for (const name of ["invariance", "variance", "covariance", "target"] as const) {
    for (const value of [-1, NaN, Infinity]) {
      assertThrows(() => vicReg({ [name]: value }), RangeError, `${name} is ${value}, expected a finite number of at`);
    }
  }
  assertThrows(() => vicReg({ epsilon: 0 }), RangeError, "epsilon is 0, expected a finite number above 0");
  for (const rows of [0, 1.5, -1, Infinity]) {
    assertThrows(() => vicReg({ rows }), RangeError, `rows is ${rows}, expected an integer of at least 1`);
  }
});
