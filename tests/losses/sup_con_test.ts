import { assertThrows } from "@std/assert";
import { supCon } from "../../losses/mod.ts";
import { cosines, logSumExp, mean, relatives } from "./_naive.ts";
import { rowLossSuite } from "./_row_loss_suite.ts";
import type { Rows } from "./_support.ts";

function naive(rows: Rows, labels: readonly number[], temperature: number): number {
  const all = cosines(rows);
  const terms = labels.flatMap((_, a) => {
    const { positives, negatives } = relatives(labels, a);
    const logit = (j: number) => all[a]![j]! / temperature;
    const partition = logSumExp([...positives, ...negatives].map(logit));
    return positives.length === 0 ? [] : [partition - mean(positives.map(logit))];
  });
  return mean(terms);
}

rowLossSuite({
  name: "supCon()",
  make: () => supCon({ temperature: 0.3 }),
  naive: (rows, labels) => naive(rows, labels, 0.3),
  golden: [
    { name: "SupConLoss(0.1)", make: () => supCon() },
    { name: "Z SupConLoss(0.1)", make: () => supCon() },
    { name: "X,labels2 SupConLoss(0.1)", make: () => supCon() },
    ...["", "Z ", "X,labels2 "].map((prefix) => ({
      name: `${prefix}SupConLoss(0.1,MeanReducer)`,
      make: () => supCon({ reduction: "all" }),
    })),
  ],
});

Deno.test("supCon() names an option that is wrong", () => {
  assertThrows(() => supCon({ temperature: 0 }), RangeError, "temperature is 0");
  assertThrows(() => supCon({ reduction: "sum" as never }), RangeError, "reduction is sum");
});
