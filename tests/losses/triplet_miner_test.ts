import { assertAlmostEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { type Loss, type Miner, tiled } from "../../core/mod.ts";
import { margin, triplet, type TripletOptions } from "../../losses/mod.ts";
import golden from "../fixtures/golden.json" with { type: "json" };
import { assertClose, engineTest } from "../support/mod.ts";
import { cosines, distance, hingeMean } from "./_naive.ts";
import { goldenCase } from "./_row_loss_suite.ts";
import { differentiate, finiteDifferences, randomRows, type Rows } from "./_support.ts";
import { tripletsOf } from "./_triplets.ts";

type Gap = readonly [above: number, atMost: number];

const labels = [3, 0, 3, -2, 0, 3, 7, -2, 0];
const rows = randomRows(11, labels.length, 4);

function gapMiner(gap: Gap): Miner {
  return (masks) => ({ ...masks, gap });
}

/** Keeps the pairs that a reference case lists: anchors, positives and negatives, or anchors once more before negatives. */
function listed(name: string): Miner {
  const [anchors, positives, ...others] =
    (golden.cases as unknown as Record<string, { tuples: number[][] }>)[name]!.tuples;
  const [negatives, again = anchors] = others.toReversed();
  return (masks, { first }) => {
    const [rows, columns] = masks.positive.shape;
    const narrow = (mask: tf.Tensor2D, of: readonly number[], to: readonly number[]) => {
      const found = new Set(of.map((a, i) => (a - first) * columns + to[i]!));
      const values = Array.from({ length: rows * columns }, (_, i) => +found.has(i));
      return tf.logicalAnd(mask, tf.tensor2d(values, [rows, columns], "bool")) as tf.Tensor2D;
    };
    return {
      positive: narrow(masks.positive, anchors!, positives!),
      negative: narrow(masks.negative, again!, negatives!),
    };
  };
}

function assertGolden(name: string, miner: Miner): void {
  const { matrices, labels, loss: expected, gradFro, gradRow0 } = goldenCase(name);
  const { value, gradients } = differentiate(tiled(triplet({ margin: 0.2 }), { miner, rows: 3 }), matrices, labels);
  assertAlmostEquals(value, expected, 1e-5 * Math.max(1e-3, expected));
  assertAlmostEquals(Math.hypot(...gradients[0]!), gradFro[0]!, 1e-4 * gradFro[0]!);
  assertClose(gradients[0]!.slice(0, 4), gradRow0[0]!, 1e-4);
}

const gaps: [string, Gap][] = [
  ["TripletMarginLoss(0.2)+TripletMarginMiner(0.2,all)", [-Infinity, 0.2]],
  ["TripletMarginLoss(0.2)+TripletMarginMiner(0.2,hard)", [-Infinity, 0]],
  ["TripletMarginLoss(0.2)+TripletMarginMiner(0.2,semihard)", [0, 0.2]],
  ["TripletMarginLoss(0.2)+TripletMarginMiner(0.2,easy)", [0.2, Infinity]],
  ["Z Triplet(0.2)+semihard miner", [0, 0.2]],
  ["X,labels2 Triplet(0.2)+semihard miner", [0, 0.2]],
];
for (const [name, gap] of gaps) {
  engineTest(`triplet() agrees with ${name}`, () => assertGolden(name, gapMiner(gap)));
}

const mined = [
  "TripletMarginLoss(0.2)+BatchHardMiner",
  "Z Triplet(0.2)+BatchHardMiner",
  "X,labels2 Triplet(0.2)+BatchHardMiner",
  "TripletMarginLoss(0.2)+BatchEasyHardMiner(easy,semihard)",
];
for (const name of mined) {
  engineTest(`triplet() agrees with ${name}`, () => assertGolden(name, listed(name)));
}

/** The mean of terms above 0 over the triplets within a gap. */
function naive(rows: Rows, gap: Gap, termsOf: (far: number[][], a: number, p: number, n: number) => number[]): number {
  const far = cosines(rows).map((row) => row.map(distance));
  const kept = tripletsOf(labels).filter(([a, p, n]) => {
    const between = far[a]![n]! - far[a]![p]!;
    return between > gap[0] && between <= gap[1];
  });
  return hingeMean(kept.flatMap(([a, p, n]) => termsOf(far, a, p, n)));
}

function assertNaive(loss: Loss, expected: (rows: Rows) => number): void {
  const { value, gradients } = differentiate(loss, [rows], labels);
  assertAlmostEquals(value, expected(rows), 1e-5);
  assertClose(gradients[0]!, finiteDifferences(([x]) => expected(x!), [rows])[0]!, 1e-4);
}

for (const gap of [[-0.3, 0.4], [0, Infinity], [-Infinity, -0.1]] as const) {
  for (
    const options of [{ swap: true }, { measure: "cosine" }, { swap: true, measure: "cosine" }] as TripletOptions[]
  ) {
    const named = Object.entries(options).map((entry) => entry.join(" ")).join(", ");
    engineTest(`triplet() with ${named} keeps to gaps of ${gap.join(" to ")}`, () => {
      const loss = tiled(triplet({ ...options, margin: 0.5 }), { miner: gapMiner(gap), rows: 4 });
      const scale = (d: number) => options.measure === "cosine" ? d ** 2 / 2 : d;
      assertNaive(loss, (rows) =>
        naive(rows, gap, (far, a, p, n) => {
          const negative = options.swap ? Math.min(far[a]![n]!, far[p]![n]!) : far[a]![n]!;
          return [scale(far[a]![p]!) - scale(negative) + 0.5];
        }));
    });
  }
  engineTest(`margin() keeps to gaps of ${gap.join(" to ")}`, () => {
    const loss = tiled(margin(), { miner: gapMiner(gap), rows: 4 });
    assertNaive(loss, (rows) => naive(rows, gap, (far, a, p, n) => [far[a]![p]! - 1.2 + 0.2, 1.2 - far[a]![n]! + 0.2]));
  });
}

engineTest("triplet() with softplus is a mean over the triplets within a gap", () => {
  const far = cosines(rows).map((row) => row.map(distance));
  const kept = tripletsOf(labels).map(([a, p, n]) => far[a]![n]! - far[a]![p]!).filter((gap) => gap > 0 && gap <= 0.5);
  const expected = kept.reduce((sum, gap) => sum + Math.log1p(Math.exp(0.05 - gap)), 0) / kept.length;
  const loss = tiled(triplet({ smooth: true }), { miner: gapMiner([0, 0.5]), rows: 4 });
  assertAlmostEquals(differentiate(loss, [rows], labels).value, expected, 1e-5);
});
