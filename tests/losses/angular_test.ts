import { assertAlmostEquals, assertThrows } from "@std/assert";
import { angular } from "../../losses/mod.ts";
import { engineTest } from "../support/mod.ts";
import { dot, logSumExp, mean, relatives, softplus, unit } from "./_naive.ts";
import { rowLossSuite } from "./_row_loss_suite.ts";
import { randomRows, type Rows, valueOf } from "./_support.ts";
import { positivePairs } from "./_triplets.ts";

function naive(rows: Rows, labels: readonly number[], angle: number): number {
  const x = unit(rows);
  const t = Math.tan(angle / 180 * Math.PI) ** 2;
  return mean(
    positivePairs(labels).map(([a, p]) => {
      const both = x[a]!.map((value, i) => value + x[p]![i]!);
      const { negatives } = relatives(labels, a);
      return softplus(
        logSumExp(negatives.map((n) => 4 * t * dot(both, x[n]!) - 2 * (1 + t) * dot(x[a]!, x[p]!))),
      );
    }),
  );
}

rowLossSuite({
  name: "angular()",
  make: () => angular(),
  naive: (rows, labels) => naive(rows, labels, 40),
  golden: [{ name: "AngularLoss(40) pre-normalised X" }],
});

engineTest("angular() takes an angle, and depends on directions only", () => {
  const [rows, labels] = [randomRows(3, 6, 3), [0, 1, 0, 1, 2, 0]];
  for (const angle of [10, 36, 55]) {
    assertAlmostEquals(valueOf(angular({ angle }), [rows], labels), naive(rows, labels, angle), 1e-5);
  }
  const scaled = rows.map((row, i) => row.map((x) => x * (i + 1)));
  assertAlmostEquals(valueOf(angular(), [scaled], labels), valueOf(angular(), [rows], labels), 1e-5);
});

Deno.test("angular() names an angle that is wrong", () => {
  for (const angle of [0, 90, -5, NaN]) {
    assertThrows(() => angular({ angle }), RangeError, `angle is ${angle}, expected degrees above 0 and below 90`);
  }
});
