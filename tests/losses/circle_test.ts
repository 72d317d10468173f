import { assertAlmostEquals, assertThrows } from "@std/assert";
import { circle } from "../../losses/mod.ts";
import { engineTest } from "../support/mod.ts";
import { cosines, logSumExp, mean, relatives, softplus } from "./_naive.ts";
import { rowLossSuite } from "./_row_loss_suite.ts";
import { randomRows, type Rows, valueOf } from "./_support.ts";

/** Rounded, so that the steps of finite differences do not change it. */
const rounded = (rows: Rows): Rows => rows.map((row) => row.map((x) => Math.round(100 * x) / 100));

/** The paces come from rounded rows: they are constants of the gradient, and so of finite differences. */
function naive(rows: Rows, labels: readonly number[], margin: number, scale: number): number {
  const [all, held] = [cosines(rows), cosines(rounded(rows))];
  const terms = labels.flatMap((_, a) => {
    const { positives, negatives } = relatives(labels, a);
    const push = negatives.map((n) => scale * Math.max(held[a]![n]! + margin, 0) * (all[a]![n]! - margin));
    const pull = positives.map((p) => -scale * Math.max(1 + margin - held[a]![p]!, 0) * (all[a]![p]! - (1 - margin)));
    return positives.length && negatives.length ? [softplus(logSumExp(push) + logSumExp(pull))] : [];
  });
  return mean(terms);
}

rowLossSuite({
  name: "circle()",
  make: () => circle({ margin: 0.3, scale: 5 }),
  naive: (rows, labels) => naive(rows, labels, 0.3, 5),
  rows: rounded(randomRows(11, 9, 4)),
  golden: [
    { name: "CircleLoss(0.4,80)", make: () => circle() },
    { name: "Z CircleLoss(0.4,80)", make: () => circle() },
    { name: "X,labels2 CircleLoss(0.4,80)", make: () => circle() },
    { name: "CircleLoss(0.25,256)", make: () => circle({ margin: 0.25, scale: 256 }) },
  ],
});

engineTest("circle() is finite where its terms are too small or too large for float32", () => {
  const far = [[1, 0], [1, 0], [-1, 0], [-1, 0]];
  assertAlmostEquals(valueOf(circle({ scale: 1e4 }), [far], [0, 0, 1, 1]), 0, 1e-6);
  // Opposite positives and equal negatives: exponents γ (2 + m) (2 - m) and γ (1 + m) (1 - m).
  const expected = 1e4 * (2.4 * 1.6 + 1.4 * 0.6);
  assertAlmostEquals(valueOf(circle({ scale: 1e4 }), [far], [0, 1, 0, 1]), expected, 1e-5 * expected);
});

engineTest("circle() divides by the anchors that have both kinds of pairs", () => {
  const rows = [[1, 0], [1, 0], [0, 1]];
  // The third row has no positive.
  const one = Math.log(1 + Math.exp(-2));
  assertAlmostEquals(valueOf(circle({ margin: 0.5, scale: 4 }), [rows], [0, 0, 1]), one, 1e-6);
});

Deno.test("circle() names an option that is wrong", () => {
  assertThrows(() => circle({ margin: Infinity }), RangeError, "margin is Infinity");
  assertThrows(() => circle({ scale: 0 }), RangeError, "scale is 0");
});
