import { assertAlmostEquals, assertThrows } from "@std/assert";
import { binomialDeviance } from "../../losses/mod.ts";
import { engineTest } from "../support/mod.ts";
import { cosines, mean, relatives, softplus } from "./_naive.ts";
import { rowLossSuite } from "./_row_loss_suite.ts";
import { type Rows, valueOf } from "./_support.ts";

function naive(rows: Rows, labels: readonly number[], alpha: number, beta: number, base: number): number {
  const all = cosines(rows);
  const [pull, push]: number[][] = [[], []];
  labels.forEach((_, a) => {
    const { positives, negatives } = relatives(labels, a);
    pull!.push(...positives.map((p) => softplus(-alpha * (all[a]![p]! - base))));
    push!.push(...negatives.map((n) => softplus(beta * (all[a]![n]! - base))));
  });
  return mean(pull!) + mean(push!);
}

rowLossSuite({
  name: "binomialDeviance()",
  make: () => binomialDeviance({ alpha: 3, beta: 20, base: 0.3 }),
  naive: (rows, labels) => naive(rows, labels, 3, 20, 0.3),
});

engineTest("binomialDeviance() by default has slopes 2 and 50 around 0.5", () => {
  const [rows, labels] = [[[1, 0], [1, 0], [0, 1], [3, 4]], [0, 0, 1, 1]];
  assertAlmostEquals(valueOf(binomialDeviance(), [rows], labels), naive(rows, labels, 2, 50, 0.5), 1e-5);
});

engineTest("binomialDeviance() is linear in pairs that are far on the wrong side", () => {
  const rows = [[1, 0], [-1, 0], [1, 0], [-1, 0]];
  const value = valueOf(binomialDeviance({ alpha: 1e4, beta: 1e4, base: 0 }), [rows], [0, 0, 1, 1]);
  // All positives are opposite; half of the negatives are equal.
  assertAlmostEquals(value, 1.5e4, 0.1);
});

Deno.test("binomialDeviance() names an option that is wrong", () => {
  assertThrows(() => binomialDeviance({ alpha: 0 }), RangeError, "alpha is 0");
  assertThrows(() => binomialDeviance({ beta: Infinity }), RangeError, "beta is Infinity");
  assertThrows(() => binomialDeviance({ base: NaN }), RangeError, "base is NaN");
});
