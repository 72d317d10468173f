import { assertAlmostEquals, assertThrows } from "@std/assert";
import { nca } from "../../losses/mod.ts";
import { engineTest } from "../support/mod.ts";
import { cosines, mean, relatives } from "./_naive.ts";
import { rowLossSuite } from "./_row_loss_suite.ts";
import { type Rows, valueOf } from "./_support.ts";

function naive(rows: Rows, labels: readonly number[], scale: number): number {
  const all = cosines(rows);
  const terms = labels.flatMap((_, a) => {
    const { positives, negatives } = relatives(labels, a);
    const sum = (others: number[]) => others.reduce((sum, j) => sum + Math.exp(-scale * (2 - 2 * all[a]![j]!)), 0);
    return positives.length === 0 ? [] : [-Math.log(sum(positives) / sum([...positives, ...negatives]))];
  });
  return mean(terms);
}

rowLossSuite({
  name: "nca()",
  make: () => nca({ scale: 3 }),
  naive: (rows, labels) => naive(rows, labels, 3),
  golden: [{ name: "NCALoss(1)", make: () => nca() }],
});

engineTest("nca() is finite where its terms are too small for float32", () => {
  // The positive is opposite and the negatives are equal or opposite.
  const rows = [[1, 0], [-1, 0], [1, 0], [-1, 0]];
  assertAlmostEquals(valueOf(nca({ scale: 100 }), [rows], [0, 0, 1, 1]), 400, 1e-3);
});

Deno.test("nca() names an option that is wrong", () => {
  assertThrows(() => nca({ scale: -1 }), RangeError, "scale is -1");
});
