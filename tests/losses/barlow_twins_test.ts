import { assert, assertAlmostEquals, assertThrows } from "@std/assert";
import { barlowTwins, type BarlowTwinsOptions } from "../../losses/barlow_twins.ts";
import { assertClose, engineTest } from "../support/mod.ts";
import golden from "../fixtures/golden.json" with { type: "json" };
import { differentiate, finiteDifferences, randomRows, type Rows, valueOf } from "./_support.ts";

const { X, Y, cases } = golden;

/** Barlow Twins by loops in float64. */
function naive(views: readonly Rows[], { lambda = 5e-3, epsilon = 1e-5 }: BarlowTwinsOptions = {}): number {
  const [a, b] = views.map((view) => {
    const standardized = view.map((row) => [...row]);
    for (let j = 0; j < view[0]!.length; j++) {
      const mean = view.reduce((sum, row) => sum + row[j]!, 0) / view.length;
      const variance = view.reduce((sum, row) => sum + (row[j]! - mean) ** 2, 0) / view.length;
      for (const row of standardized) row[j] = (row[j]! - mean) / Math.sqrt(variance + epsilon);
    }
    return standardized;
  }) as [number[][], number[][]];
  let total = 0;
  for (let j = 0; j < a[0]!.length; j++) {
    for (let k = 0; k < a[0]!.length; k++) {
      const c = a.reduce((sum, row, i) => sum + row[j]! * b[i]![k]!, 0) / a.length;
      total += j === k ? (1 - c) ** 2 : lambda * c ** 2;
    }
  }
  return total;
}

engineTest("barlowTwins() agrees with lightly's BarlowTwinsLoss(5e-3)", () => {
  const expected = cases["lightly BarlowTwinsLoss(5e-3)"];
  for (const loss of [barlowTwins(), barlowTwins({ lambda: 5e-3, epsilon: 1e-5 })]) {
    const { value, gradients } = differentiate(loss, [X, Y]);
    assertAlmostEquals(value, expected.loss, 1e-6 * expected.loss);
    for (const side of [0, 1]) {
      assertAlmostEquals(Math.hypot(...gradients[side]!), expected.gradFro[side]!, 1e-5 * expected.gradFro[side]!);
      assertClose(gradients[side]!.slice(0, 4), expected.gradRow0[side]!, 1e-5);
    }
  }
});

const [a, b] = [randomRows(1, 7, 3), randomRows(2, 7, 3)];
const near = a.map((row, i) => row.map((x, j) => x + 0.01 * b[i]![j]!));
const configurations: readonly (readonly [string, readonly Rows[], BarlowTwinsOptions])[] = [
  ["defaults", [a, b], {}],
  ["a large lambda", [a, b], { lambda: 2 }],
  ["no lambda", [a, b], { lambda: 0 }],
  ["a large epsilon", [a, b], { epsilon: 0.5 }],
  ["views close to each other", [a, near], {}],
  ["one column", [a.map(([x]) => [x!]), b.map(([x]) => [x!])], {}],
];
for (const [name, views, options] of configurations) {
  engineTest(`barlowTwins() agrees with naive loops and finite differences: ${name}`, () => {
    for (const rows of [2, 1024]) {
      const loss = barlowTwins({ ...options, rows });
      const expected = naive(views, options);
      const { value, gradients } = differentiate(loss, views);
      assertAlmostEquals(value, expected, 1e-6 * expected);
      assertAlmostEquals(valueOf(loss, views), value, 1e-6 * expected);
      const slopes = finiteDifferences((x) => naive(x, options), views);
      assertClose(gradients.flat(), slopes.flat(), 1e-5);
    }
  });
}

engineTest("barlowTwins() keeps its accuracy where views nearly agree", () => {
  const almost = a.map((row, i) => row.map((x, j) => Math.fround(x + 1e-3 * b[i]![j]!)));
  const expected = naive([a, almost], { lambda: 0 });
  assert(expected < 1e-6);
  assertAlmostEquals(valueOf(barlowTwins({ lambda: 0 }), [a, almost]), expected, 1e-3 * expected);
});

engineTest("barlowTwins() depends neither on the means of columns nor on their scales", () => {
  const loss = barlowTwins();
  const moved = a.map((row) => row.map((x, j) => 10 * (j + 1) * x + 5));
  assertAlmostEquals(valueOf(loss, [moved, b]), valueOf(loss, [a, b]), 1e-4);
  const { gradients } = differentiate(loss, [a, b]);
  for (const gradient of gradients) {
    for (const j of [0, 1, 2]) {
      const column = gradient.filter((_, i) => i % 3 === j);
      assertAlmostEquals(column.reduce((sum, x) => sum + x), 0, 1e-6);
    }
  }
});

Deno.test("barlowTwins() refuses impossible options", () => {
  for (const lambda of [-1, NaN, Infinity]) {
    assertThrows(() => barlowTwins({ lambda }), RangeError, `lambda is ${lambda}, expected a finite number of at`);
  }
  assertThrows(() => barlowTwins({ epsilon: 0 }), RangeError, "epsilon is 0, expected a finite number above 0");
  assertThrows(() => barlowTwins({ rows: 0 }), RangeError, "rows is 0, expected an integer of at least 1");
});
