import { assert, assertThrows } from "@std/assert";
import {
  angular,
  generalizedLiftedStructure,
  liftedStructure,
  margin,
  semiHardTriplet,
  triplet,
  type TripletOptions,
} from "../../losses/mod.ts";
import { engineTest } from "../support/mod.ts";
import { cosines, distance, hingeMean, mean, softplus } from "./_naive.ts";
import { rowLossSuite } from "./_row_loss_suite.ts";
import { type Rows, valueOf } from "./_support.ts";
import { tripletsOf } from "./_triplets.ts";

function naive(rows: Rows, labels: readonly number[], options: TripletOptions): number {
  const { margin = 0.05, smooth, swap, measure, reduction } = options;
  const far = cosines(rows).map((row) => row.map((s) => measure === "cosine" ? -s : distance(s)));
  const terms = tripletsOf(labels).map(([a, p, n]) => {
    const negative = swap ? Math.min(far[a]![n]!, far[p]![n]!) : far[a]![n]!;
    return far[a]![p]! - negative + margin;
  });
  if (smooth) return mean(terms.map(softplus));
  return reduction === "all" ? mean(terms.map((x) => Math.max(x, 0))) : hingeMean(terms);
}

const cases: [string, TripletOptions, { name: string; make?: () => ReturnType<typeof triplet> }[]][] = [
  ["", {}, [
    { name: "TripletMarginLoss(margin=0.05)" },
    { name: "Z TripletMarginLoss(0.05)" },
    { name: "X,labels2 TripletMarginLoss(0.05)" },
    { name: "TripletMarginLoss(margin=0.2)", make: () => triplet({ margin: 0.2 }) },
  ]],
  [" over all triplets", { margin: 0.2, reduction: "all" }, [{ name: "TripletMarginLoss(margin=0.2,MeanReducer)" }]],
  [" with softplus", { margin: 0.2, smooth: true }, [{ name: "TripletMarginLoss(margin=0.2,smooth)" }]],
  [" with swaps", { margin: 0.2, swap: true }, [{ name: "TripletMarginLoss(margin=0.2,swap)" }]],
  [" by cosine", { margin: 0.3, measure: "cosine" }, []],
  [" by cosine, with swaps and softplus", { swap: true, smooth: true, measure: "cosine" }, []],
];
for (const [name, options, golden] of cases) {
  rowLossSuite({
    name: `triplet()${name}`,
    make: () => triplet(options),
    naive: (rows, labels) => naive(rows, labels, options),
    golden,
  });
}

engineTest("Losses over triplets do not hide a representation that is not a number", () => {
  const losses = [
    ...cases.map(([, options]) => triplet(options)),
    semiHardTriplet(),
    liftedStructure(),
    generalizedLiftedStructure(),
    angular(),
    margin(),
  ];
  const rows = [[1, 0], [NaN, NaN], [0, 1], [1, 1]];
  for (const loss of losses) assert(Number.isNaN(valueOf(loss, [rows], [0, 0, 1, 1])), loss.title);
});

Deno.test("triplet() names an option that is wrong", () => {
  assertThrows(() => triplet({ margin: Infinity }), RangeError, "margin is Infinity");
  assertThrows(() => triplet({ measure: "dot" as never }), RangeError, "measure is dot");
  assertThrows(() => triplet({ reduction: "sum" as never }), RangeError, "reduction is sum");
});
