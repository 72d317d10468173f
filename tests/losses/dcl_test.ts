import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { sameLabel, tiled } from "../../core/mod.ts";
import { dcl, learnableTemperature, ntXent } from "../../losses/mod.ts";
import { assertClose, engineTest } from "../support/mod.ts";
import { alignedSuite } from "./_aligned_suite.ts";
import { cosines, logSumExp, mean, relatives } from "./_naive.ts";
import { rowLossSuite } from "./_row_loss_suite.ts";
import { differentiate, finiteDifferences, randomRows, type Rows, valueOf } from "./_support.ts";

/** DCL as it is written; the weights are those of other rows where they are to stay. */
function naive(rows: Rows, labels: readonly number[], temperature: number, sigma?: number, constant = rows): number {
  const [all, fixed] = [cosines(rows), cosines(constant)];
  const pairs = labels.flatMap((_, a) => {
    const { positives, negatives } = relatives(labels, a);
    return negatives.length === 0 ? [] : positives.map((p) => ({
      near: Math.exp(fixed[a]![p]! / (sigma ?? 1)),
      logit: all[a]![p]! / temperature,
      partition: logSumExp(negatives.map((n) => all[a]![n]! / temperature)),
    }));
  });
  const usual = mean(pairs.map(({ near }) => near));
  return mean(pairs.map(({ near, logit, partition }) => {
    const weight = sigma === undefined ? 1 : 2 - near / usual;
    return -weight * logit + partition;
  }));
}

function stacked(views: readonly Rows[]): [Rows, number[]] {
  return [views.flat(), views.flatMap((rows) => rows.map((_, i) => i))];
}

rowLossSuite({
  name: "dcl() by label",
  make: () => dcl({ temperature: 0.3, pairing: sameLabel() }),
  naive: (rows, labels) => naive(rows, labels, 0.3),
});

alignedSuite({
  name: "dcl()",
  make: () => dcl(),
  naive: (views) => naive(...stacked(views), 0.1),
  shapes: { "three views": [randomRows(21, 4, 3), randomRows(22, 4, 3), randomRows(23, 4, 3)] },
});

const weighted = () => dcl({ temperature: 0.3, sigma: 0.5 });
const views = [randomRows(31, 6, 3), randomRows(32, 6, 3)];
engineTest("dcl() with weights agrees with loops, and with finite differences that leave the weights alone", () => {
  const { value, gradients } = differentiate(weighted(), views);
  const [constant, labels] = stacked(views);
  assertAlmostEquals(value, naive(constant, labels, 0.3, 0.5), 1e-5);
  const slopes = finiteDifferences((moved) => naive(stacked(moved)[0], labels, 0.3, 0.5, constant), views);
  slopes.forEach((slope, i) => assertClose(gradients[i]!, slope, 1e-4));
});

engineTest("dcl() with weights gives the same in tiles of any size", () => {
  const whole = differentiate(tiled(weighted(), { rows: Infinity }), views);
  for (const rows of [1, 5]) {
    const { value, gradients } = differentiate(tiled(weighted(), { rows }), views);
    assertAlmostEquals(value, whole.value, 1e-6);
    gradients.forEach((gradient, i) => assertClose(gradient, whole.gradients[i]!, 1e-6));
  }
});

engineTest("dcl() with weights is defined without negatives, for equal rows, and for a narrow spread", () => {
  const one = views.map((rows) => rows.slice(0, 1));
  const { value, gradients } = differentiate(weighted(), one);
  assertEquals([value, ...gradients.flat()].map(Math.abs), Array(7).fill(0));
  // Where all positives are equally near, all weigh 1.
  const near = differentiate(weighted(), [views[0]!, views[0]!]);
  assertAlmostEquals(near.value, valueOf(dcl({ temperature: 0.3 }), [views[0]!, views[0]!]), 1e-5);
  const narrow = valueOf(dcl({ temperature: 0.3, sigma: 0.02 }), views);
  const expected = naive(...stacked(views), 0.3, 0.02);
  assertAlmostEquals(narrow, expected, 1e-4 * Math.abs(expected));
});

engineTest("dcl() comes near NT-Xent where negatives weigh much more than the positive", () => {
  const [a] = views as [Rows];
  const far = [a, a.map((row) => row.map((x) => -x))];
  assertAlmostEquals(valueOf(dcl({ temperature: 0.02 }), far), valueOf(ntXent({ temperature: 0.02 }), far), 1e-4);
});

engineTest("dcl() trains its temperature, with and without weights", () => {
  const [rows, labels] = stacked(views);
  for (const sigma of [undefined, 0.5]) {
    const at = (logScale: number) => naive(rows, labels, Math.exp(-logScale), sigma);
    const temperature = learnableTemperature({ initial: 0.2 });
    const { params } = differentiate(dcl({ temperature, ...(sigma ? { sigma } : {}) }), views);
    const slope = (at(Math.log(5) + 1e-5) - at(Math.log(5) - 1e-5)) / 2e-5;
    assertClose(params[0]!, [slope], 1e-4);
  }
});

Deno.test("dcl() names an option that is wrong", () => {
  assertThrows(() => dcl({ temperature: NaN }), RangeError, "temperature is NaN");
  assertThrows(() => dcl({ sigma: 0.01 }), RangeError, "sigma is 0.01");
});
