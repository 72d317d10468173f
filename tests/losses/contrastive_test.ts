import { assert, assertEquals, assertThrows } from "@std/assert";
import { tiled } from "../../core/mod.ts";
import { contrastive } from "../../losses/mod.ts";
import { cosines, distance, hingeMean, relatives } from "./_naive.ts";
import { rowLossSuite } from "./_row_loss_suite.ts";
import { engineTest } from "../support/mod.ts";
import { differentiate, randomRows, type Rows, valueOf } from "./_support.ts";

function naive(
  rows: Rows,
  labels: readonly number[],
  measure: (cosine: number) => number,
  margins: [number, number],
  sign: number,
) {
  const all = cosines(rows);
  const [pull, push]: number[][] = [[], []];
  labels.forEach((_, a) => {
    const { positives, negatives } = relatives(labels, a);
    pull!.push(...positives.map((p) => sign * (measure(all[a]![p]!) - margins[0])));
    push!.push(...negatives.map((n) => sign * (margins[1] - measure(all[a]![n]!))));
  });
  return hingeMean(pull!) + hingeMean(push!);
}

rowLossSuite({
  name: "contrastive()",
  make: () => contrastive(),
  naive: (rows, labels) => naive(rows, labels, distance, [0, 1], 1),
  golden: [
    { name: "ContrastiveLoss(pos_margin=0,neg_margin=1,LpDistance)" },
    { name: "ContrastiveLoss default, MeanReducer", make: () => contrastive({ reduction: "all" }) },
    { name: "Z ContrastiveLoss" },
    { name: "X,labels2 ContrastiveLoss" },
  ],
});
rowLossSuite({
  name: "contrastive() by cosine",
  make: () => contrastive({ measure: "cosine", positiveMargin: 0.9, negativeMargin: 0.1 }),
  naive: (rows, labels) => naive(rows, labels, (s) => s, [0.9, 0.1], -1),
  golden: [{
    name: "ContrastiveLoss(pos_margin=1,neg_margin=0,Cosine)",
    make: () => contrastive({ measure: "cosine" }),
  }],
});

Deno.test("contrastive() names an option that is wrong", () => {
  assertThrows(() => contrastive({ positiveMargin: NaN }), RangeError, "positiveMargin is NaN");
  assertThrows(() => contrastive({ measure: "dot" as never }), RangeError, "measure is dot");
  assertThrows(() => contrastive({ reduction: "sum" as never }), RangeError, "reduction is sum");
});

engineTest("contrastive() does not hide a representation that is not a number", () => {
  for (const measure of ["distance", "cosine"] as const) {
    assert(Number.isNaN(valueOf(contrastive({ measure }), [[[NaN, 1], [1, 0], [1, 1]]], [0, 0, 1])));
  }
});

for (const dim of [4, 64, 768]) {
  engineTest(`contrastive() of rows and their copies is 0 in tiles of any size, ${dim} wide`, () => {
    const once = randomRows(5, 32, dim);
    const rows = [...once, ...once];
    const labels = rows.map((_, i) => i % 32);
    // No negative is nearer than the margin.
    for (const size of [1, 7, Infinity]) {
      const loss = tiled(contrastive({ negativeMargin: 1e-6 }), { rows: size });
      const { value, gradients } = differentiate(loss, [rows], labels);
      assertEquals(value, 0);
      assert(gradients[0]!.every((x) => x === 0));
    }
  });
}
