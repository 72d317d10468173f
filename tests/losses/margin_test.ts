import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { tiled } from "../../core/mod.ts";
import { margin } from "../../losses/mod.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";
import { cosines, distance, hingeMean } from "./_naive.ts";
import { rowLossSuite } from "./_row_loss_suite.ts";
import { differentiate, randomRows, type Rows } from "./_support.ts";
import { tripletsOf } from "./_triplets.ts";

function naive(rows: Rows, labels: readonly number[], margin: number, beta: number): number {
  const far = cosines(rows).map((row) => row.map(distance));
  return hingeMean(
    tripletsOf(labels).flatMap(([a, p, n]) => [far[a]![p]! - beta + margin, beta - far[a]![n]! + margin]),
  );
}

rowLossSuite({
  name: "margin()",
  make: () => margin(),
  naive: (rows, labels) => naive(rows, labels, 0.2, 1.2),
  golden: [{ name: "MarginLoss(margin=0.2,nu=0,beta=1.2)" }],
});
rowLossSuite({
  name: "margin() with another boundary",
  make: () => margin({ margin: 0.5, beta: 0.9 }),
  naive: (rows, labels) => naive(rows, labels, 0.5, 0.9),
});

engineTest("margin() learns its boundary", () => {
  const [rows, labels] = [randomRows(4, 9, 4), [3, 0, 3, -2, 0, 3, 7, -2, 0]];
  const loss = margin({ beta: { initial: 1.1 }, nu: 0.3 });
  assertEquals(Object.keys(loss.params!), ["beta"]);
  const expected = (beta: number) => naive(rows, labels, 0.2, beta) + 0.3 * beta;
  const slope = (expected(1.1 + 1e-5) - expected(1.1 - 1e-5)) / 2e-5;
  for (const size of [1, 4, 9]) {
    const { value, params, gradients } = differentiate(tiled(loss, { rows: size }), [rows], labels);
    assertAlmostEquals(value, expected(1.1), 1e-5);
    assertClose(params[0]!, [slope], 1e-4);
    assertClose(gradients[0]!, differentiate(margin({ beta: 1.1 }), [rows], labels).gradients[0]!, 1e-5);
  }
  loss.dispose();
  assertEquals(margin().params, undefined);
  assertNewTensors(0, () => margin({ beta: { initial: 1 } }).dispose());
});

Deno.test("margin() names an option that is wrong", () => {
  assertThrows(() => margin({ margin: NaN }), RangeError, "margin is NaN");
  assertThrows(() => margin({ beta: { initial: Infinity } }), RangeError, "beta.initial is Infinity");
  assertThrows(() => margin({ nu: -1 }), RangeError, "nu is -1, expected a number of at least 0");
  assertThrows(() => margin({ nu: 1 }), RangeError, "nu is 1, expected 0 for a fixed beta");
});
