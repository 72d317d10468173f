import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { cachedStep, fullStep, key, sameLabel, tiled } from "../../core/mod.ts";
import { sigLip } from "../../losses/mod.ts";
import {
  assertClose,
  assertNewTensors,
  assertParity,
  engineTest,
  free,
  randomMatrix,
  tinyEncoder,
} from "../support/mod.ts";
import { alignedSuite } from "./_aligned_suite.ts";
import { cosines, relatives, softplus } from "./_naive.ts";
import { differentiate, randomRows, type Rows, valueOf } from "./_support.ts";

function naive([anchors, ...others]: readonly Rows[], scale: number, bias: number): number {
  const all = cosines(anchors!, others.flat());
  const terms = all.flatMap((row, i) => row.map((s, j) => softplus((i === j ? -1 : 1) * (scale * s + bias))));
  return terms.reduce((sum, term) => sum + term) / anchors!.length;
}

const [a, b] = [randomRows(1, 6, 3), randomRows(2, 6, 3)];
alignedSuite({
  name: "sigLip()",
  make: () => sigLip({ scale: 4, bias: -1 }),
  naive: (matrices) => naive(matrices, 4, -1),
  shapes: {
    "more references than anchors": [a, randomRows(3, 9, 3)],
    "further matrices of hard negatives": [a, b, randomRows(4, 6, 3), randomRows(5, 2, 3)],
  },
  golden: [
    { name: "open_clip SigLipLoss(scale=10,bias=-10)", make: () => sigLip() },
    { name: "open_clip SigLipLoss(scale=10,bias=-10)", make: () => sigLip({ scale: 10, bias: -10 }) },
  ],
});
alignedSuite({
  name: "sigLip() with what it learns",
  make: () => sigLip(),
  naive: (matrices) => naive(matrices, 10, -10),
});

engineTest("sigLip() gives its parameters the gradient of finite differences, once for any number of tiles", () => {
  const at = (logScale: number, bias: number) => naive([a, b], Math.exp(logScale), bias);
  const [t, bias, step] = [Math.log(3), -2, 1e-5];
  const slopes = [
    (at(t + step, bias) - at(t - step, bias)) / (2 * step),
    (at(t, bias + step) - at(t, bias - step)) / (2 * step),
  ];
  for (const rows of [1, 4, Infinity]) {
    const loss = sigLip({ scale: { initial: 3 }, bias: { initial: bias } });
    const { params } = differentiate(Object.assign(tiled(loss, { rows }), { params: loss.params }), [a, b]);
    assertClose(params.flat(), slopes, 1e-4);
  }
});

engineTest("sigLip() trains its parameters in a cached step, once for any number of chunks", () => {
  const encoders = [tinyEncoder({ seed: 1, name: "one" }), tinyEncoder({ seed: 2, name: "other" })];
  const batches = [randomMatrix(1, 7, 4), randomMatrix(2, 7, 4)];
  const loss = sigLip();
  const full = fullStep({ encoders, loss, chunkSize: 7 })(batches, key(0));
  const names = Object.keys(full.gradients).filter((name) => /logScale|bias/.test(name));
  assertEquals(names.length, 2);
  for (const name of names) assert(full.gradients[name]!.dataSync()[0] !== 0);
  const cached = cachedStep({ encoders, loss: tiled(loss, { rows: 2 }), chunkSize: 2 })(batches, key(0));
  assertParity(cached, full);
  free(cached, full);
});

engineTest("sigLip() learns what is not a number, reads it, and disposes it", async () => {
  assertEquals(sigLip({ scale: 2, bias: 0 }).params, {});
  const learnt = assertNewTensors(1, () => sigLip({ bias: -3 }));
  assertEquals(Object.keys(learnt.params), ["logScale"]);
  const before = tf.memory().numTensors;
  const { scale, bias } = await learnt.read();
  assertAlmostEquals(scale, 10, 1e-5);
  assertEquals(bias, -3);
  assertEquals(tf.memory().numTensors, before);
  assertNewTensors(-1, () => learnt.dispose());
});

engineTest("sigLip() keeps small terms", () => {
  // Matches at logit 20 and mismatches at -20: terms of exp(-20) each, which adding to 1 would lose.
  const rows = [[1, 0], [-1, 0]];
  assertAlmostEquals(valueOf(sigLip({ scale: 20, bias: 0 }), [rows, rows]) / (2 * Math.exp(-20)), 1, 1e-5);
});

engineTest("sigLip() takes labels with another pairing", () => {
  const labels = [0, 1, 0, 2, 1, 0];
  const all = cosines(a);
  const expected = labels.flatMap((_, i) => {
    const { positives, negatives } = relatives(labels, i);
    const logit = (j: number) => 10 * all[i]![j]! - 10;
    return [...positives.map((p) => softplus(-logit(p))), ...negatives.map((n) => softplus(logit(n)))];
  }).reduce((sum, term) => sum + term) / 6;
  const loss = tiled(sigLip({ scale: 10, bias: -10 }), { pairing: sameLabel() });
  assertAlmostEquals(valueOf(loss, [a], labels), expected, 1e-5 * expected);
});

Deno.test("sigLip() names an option that is wrong", () => {
  assertThrows(() => sigLip({ scale: 0 }), RangeError, "scale is 0");
  assertThrows(() => sigLip({ scale: { initial: -1 } }), RangeError, "scale.initial is -1");
  assertThrows(() => sigLip({ bias: NaN }), RangeError, "bias is NaN");
  assertThrows(() => sigLip({ bias: { initial: Infinity } }), RangeError, "bias.initial is Infinity");
});
