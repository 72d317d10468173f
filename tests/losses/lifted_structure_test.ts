import { assertAlmostEquals, assertThrows } from "@std/assert";
import { generalizedLiftedStructure, liftedStructure } from "../../losses/mod.ts";
import { engineTest } from "../support/mod.ts";
import { cosines, distance, logSumExp, mean, relatives } from "./_naive.ts";
import { rowLossSuite } from "./_row_loss_suite.ts";
import { randomRows, type Rows, valueOf } from "./_support.ts";
import { positivePairs } from "./_triplets.ts";

type Margins = readonly [positive: number, negative: number];

function distances(rows: Rows): number[][] {
  return cosines(rows).map((row) => row.map(distance));
}

function lifted(rows: Rows, labels: readonly number[], [positive, negative]: Margins): number {
  const far = distances(rows);
  return mean(
    positivePairs(labels).map(([a, p]) => {
      const { negatives } = relatives(labels, a);
      const pushed = logSumExp(negatives.flatMap((n) => [negative - far[a]![n]!, negative - far[p]![n]!]));
      return Math.max(pushed + far[a]![p]! - positive, 0) ** 2 / 2;
    }),
  );
}

function generalized(rows: Rows, labels: readonly number[], [positive, negative]: Margins): number {
  const far = distances(rows);
  return mean(labels.flatMap((_, a) => {
    const { positives, negatives } = relatives(labels, a);
    if (positives.length * negatives.length === 0) return [];
    const pulled = logSumExp(positives.map((p) => far[a]![p]! - positive));
    return [Math.max(pulled + logSumExp(negatives.map((n) => negative - far[a]![n]!)), 0)];
  }));
}

const losses = [
  { name: "liftedStructure()", of: liftedStructure, naive: lifted },
  { name: "generalizedLiftedStructure()", of: generalizedLiftedStructure, naive: generalized },
];
for (const { name, of, naive } of losses) {
  rowLossSuite({
    name,
    make: () => of(),
    naive: (rows, labels) => naive(rows, labels, [0, 1]),
    golden: of === liftedStructure
      ? [
        { name: "LiftedStructureLoss(neg_margin=1,pos_margin=0)" },
        { name: "Z LiftedStructureLoss" },
        { name: "X,labels2 LiftedStructureLoss" },
      ]
      : [{ name: "GeneralizedLiftedStructureLoss" }],
  });

  engineTest(`${name} takes margins, and drops what is below 0`, () => {
    const [rows, labels] = [randomRows(3, 6, 3), [0, 1, 0, 1, 2, 0]];
    const given: Margins[] = [[0.5, 0.2], [1.2, 0.1], [-0.3, 2], [2, -2]];
    for (const margins of given) {
      const loss = of({ positiveMargin: margins[0], negativeMargin: margins[1] });
      assertAlmostEquals(valueOf(loss, [rows], labels), naive(rows, labels, margins), 1e-5);
    }
  });

  Deno.test(`${name} names an option that is wrong`, () => {
    assertThrows(() => of({ positiveMargin: NaN }), RangeError, "positiveMargin is NaN");
    assertThrows(() => of({ negativeMargin: Infinity }), RangeError, "negativeMargin is Infinity");
  });
}
