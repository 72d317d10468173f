import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { aligned, measurePeak, sameLabel, tiled } from "../../core/mod.ts";
import { infoNCE, learnableTemperature, ntXent } from "../../losses/mod.ts";
import golden from "../fixtures/golden.json" with { type: "json" };
import { assertClose, engineTest } from "../support/mod.ts";
import { alignedSuite } from "./_aligned_suite.ts";
import { cosines, logSumExp, mean, relatives } from "./_naive.ts";
import { rowLossSuite } from "./_row_loss_suite.ts";
import { differentiate, labelled, matrix, randomRows, type Rows, valueOf } from "./_support.ts";

/** NT-Xent as it is written, a denominator for each pair. */
function naive(rows: Rows, labels: readonly number[], temperature: number): number {
  const all = cosines(rows);
  return mean(labels.flatMap((_, a) => {
    const { positives, negatives } = relatives(labels, a);
    const logit = (j: number) => all[a]![j]! / temperature;
    return positives.map((p) => logSumExp([p, ...negatives].map(logit)) - logit(p));
  }));
}

/** The same over views of the same examples. */
function naiveViews(views: readonly Rows[], temperature: number): number {
  return naive(views.flat(), views.flatMap((rows) => rows.map((_, i) => i)), temperature);
}

const byLabel = (temperature: number) => ntXent({ temperature, pairing: sameLabel() });
rowLossSuite({
  name: "ntXent() by label",
  make: () => byLabel(0.3),
  naive: (rows, labels) => naive(rows, labels, 0.3),
  golden: [
    { name: "NTXentLoss(0.07)", make: () => ntXent({ pairing: sameLabel() }) },
    { name: "NTXentLoss(0.5)", make: () => byLabel(0.5) },
    { name: "Z NTXentLoss(0.07)", make: () => byLabel(0.07) },
    { name: "X,labels2 NTXentLoss(0.07)", make: () => byLabel(0.07) },
  ],
});

alignedSuite({
  name: "ntXent()",
  make: () => ntXent({ temperature: 0.3 }),
  naive: (views) => naiveViews(views, 0.3),
  shapes: { "three views": [randomRows(21, 4, 3), randomRows(22, 4, 3), randomRows(23, 4, 3)] },
  golden: [{ name: "SelfSupervised(NTXent(0.5),symmetric=True)", make: () => ntXent({ temperature: 0.5 }) }],
});

engineTest("ntXent() over aligned rows is infoNCE()", () => {
  const [one, other] = [
    differentiate(ntXent({ temperature: 0.5, pairing: aligned() }), [golden.X, golden.Y]),
    differentiate(infoNCE({ temperature: 0.5 }), [golden.X, golden.Y]),
  ];
  assertAlmostEquals(one.value, golden.cases["SelfSupervised(NTXent(0.5),symmetric=False)"].loss, 1e-5);
  assertAlmostEquals(other.value, one.value, 1e-6);
  one.gradients.forEach((gradient, i) => assertClose(other.gradients[i]!, gradient, 1e-5));
});

engineTest("ntXent() stays right at a temperature of 0.01", () => {
  const rows = randomRows(5, 9, 4);
  const labels = [0, 1, 0, 2, 0, 1, 3, 2, 0];
  const { value, gradients } = differentiate(byLabel(0.01), [rows], labels);
  assertAlmostEquals(value, naive(rows, labels, 0.01), 1e-5 * value);
  assert(gradients[0]!.every(Number.isFinite));
  // Positives beyond every negative: what is left is exp(-100), which adding to 1 would lose.
  const apart = [[1, 0], [1, 0], [0, 1], [0, 1]];
  assertAlmostEquals(valueOf(byLabel(0.05), [apart], [0, 0, 1, 1]) / (2 * Math.exp(-20)), 1, 1e-5);
});

engineTest("ntXent() takes no more for many positives than for few, and about ten matrices of a tile", async () => {
  const [n, rows] = [512, 64];
  const inputs = matrix(randomRows(1, n, 4));
  const peaks: number[] = [];
  for (const classes of [2, 256]) {
    const given = labelled(Array.from({ length: n }, (_, i) => i % classes));
    const loss = tiled(byLabel(0.1), { rows });
    const { result, peakBytes } = await measurePeak(() => tf.grad((x) => loss([x as tf.Tensor2D], given))(inputs));
    peaks.push(peakBytes / (4 * rows * n));
    result.dispose();
  }
  assertEquals(peaks[0], peaks[1]);
  assert(peaks[0]! > 5 && peaks[0]! < 11, `peak of ${peaks[0]} matrices`);
});

engineTest("ntXent() trains its temperature", () => {
  const views = [randomRows(1, 6, 3), randomRows(2, 6, 3)];
  const at = (logScale: number) => naiveViews(views, Math.exp(-logScale));
  for (const rows of [1, Infinity]) {
    const temperature = learnableTemperature({ initial: 0.2 });
    const { value, params } = differentiate(tiled(ntXent({ temperature }), { rows }), views);
    assertAlmostEquals(value, at(Math.log(5)), 1e-5);
    const slope = (at(Math.log(5) + 1e-5) - at(Math.log(5) - 1e-5)) / 2e-5;
    assertClose(params[0]!, [slope], 1e-4);
  }
});

Deno.test("ntXent() names an option that is wrong", () => {
  assertThrows(() => ntXent({ temperature: -1 }), RangeError, "temperature is -1");
});
