import { assert, assertAlmostEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { aligned, type Miner, tiled } from "../../core/mod.ts";
import { infoNCE, jointInfoNCE, learnableTemperature } from "../../losses/mod.ts";
import { assertClose, engineTest } from "../support/mod.ts";
import { alignedSuite } from "./_aligned_suite.ts";
import { cosines, logSumExp, mean } from "./_naive.ts";
import { context, differentiate, matrix, randomRows, type Rows, valueOf } from "./_support.ts";

/** Every document has an owner: the query of its number, or none. */
function naive([queries, documents, ...hard]: readonly Rows[], temperature: number): number {
  const all = [...documents!, ...hard.flat()];
  const owners = [
    ...documents!.map((_, j) => j),
    ...hard.flatMap((rows) => rows.map((_, j) => rows.length === queries!.length ? j : -1)),
  ];
  const [qd, qq, dd] = [cosines(queries!, all), cosines(queries!), cosines(all)];
  return mean(queries!.map((_, i) => {
    const similarities = [
      ...qd[i]!,
      ...qq[i]!.filter((_, j) => j !== i),
      ...queries!.map((_, j) => qd[j]![i]!),
      ...dd[i]!.filter((_, j) => owners[j] !== i),
    ];
    return logSumExp(similarities.map((s) => s / temperature)) - qd[i]![i]! / temperature;
  }));
}

const [a, b] = [randomRows(1, 5, 3), randomRows(2, 5, 3)];
alignedSuite({
  name: "jointInfoNCE()",
  make: () => jointInfoNCE(),
  naive: (matrices) => naive(matrices, 0.05),
  shapes: {
    "more documents than queries": [a, randomRows(3, 8, 3)],
    "triplets": [a, b, randomRows(4, 5, 3)],
    "hard negatives of no query": [a, b, randomRows(5, 5, 3), randomRows(6, 2, 3)],
  },
  golden: [{ name: "MNRL joint q2d+q2q+d2q+d2d (GTE-style)" }],
});

engineTest("jointInfoNCE() is above InfoNCE, and never below log 2", () => {
  assert(valueOf(jointInfoNCE(), [a, b]) > valueOf(infoNCE(), [a, b]));
  const apart = [[1, 0], [-1, 0]];
  assertAlmostEquals(valueOf(jointInfoNCE(), [apart, apart]), Math.LN2, 1e-6);
});

engineTest("jointInfoNCE() trains its temperature", () => {
  const at = (logScale: number) => naive([a, b], Math.exp(-logScale));
  const slope = (at(Math.log(5) + 1e-5) - at(Math.log(5) - 1e-5)) / 2e-5;
  const temperature = learnableTemperature({ initial: 0.2 });
  const { params } = differentiate(tiled(jointInfoNCE({ temperature }), { rows: 2 }), [a, b]);
  assertClose(params[0]!, [slope], 1e-4);
});

engineTest("jointInfoNCE() lets a miner narrow the documents of a query only", () => {
  const none: Miner = ({ positive, negative }) => ({ positive, negative: tf.zerosLike(negative) });
  const rows = [[1, 0], [0, 1]];
  const value = valueOf(tiled(jointInfoNCE({ temperature: 1 }), { miner: none }), [rows, rows]);
  assertAlmostEquals(value, Math.log(2 * Math.E + 3) - 1, 1e-6);
});

engineTest("jointInfoNCE() names what is wrong", () => {
  const rows = [matrix(a), matrix(b)];
  assertThrows(() => jointInfoNCE({ temperature: 0 }), RangeError, "temperature is 0");
  assertThrows(() => jointInfoNCE()([rows[0]!, matrix(b.slice(1))], context), RangeError, "4 references for 5 anchors");
  assertThrows(() => tiled(jointInfoNCE(), { pairing: aligned() })(rows, context), TypeError, "its own pairing");
});
