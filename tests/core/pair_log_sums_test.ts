import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { key, measurePeakSync, tiled } from "../../core/mod.ts";
import type { LogSums } from "../../core/row_loss.ts";
import { multiSimilarity } from "../../losses/multi_similarity.ts";
import { assertNewTensors, engineTest } from "../support/mod.ts";
import { fc } from "../support/properties.ts";
import { fusedTest } from "./_fused_support.ts";
import { assertFound, type PairCase, pairsOf } from "./_naive_hinges.ts";
import { evaluateLogSums, naiveLogSums } from "./_naive_log_sums.ts";
import { anyCase, brokenCases, cases, group, oddCases } from "./_pair_cases.ts";

const usual = { positiveSlope: -2, negativeSlope: 50, base: 0.5 };
const kinds: readonly LogSums[] = [
  usual,
  { positiveSlope: -1, negativeSlope: 0.5, base: -1 },
  // Exponentials that single precision does not hold, of positives, of negatives, and of both.
  { positiveSlope: -300, negativeSlope: 10, base: 0.5 },
  { positiveSlope: -2, negativeSlope: 1000, base: -0.2 },
  { positiveSlope: -200, negativeSlope: 200, base: 0 },
];

/** Asserts that kernel, tiles and loops agree, or tiles and loops where there is no kernel. */
function assertAgrees(given: PairCase, logSums: LogSums, what: string): void {
  const expected = naiveLogSums(logSums, given);
  // Exponents have fewer digits behind the point the larger they are.
  const digits = 4e-7 * Math.max(200, -logSums.positiveSlope, logSums.negativeSlope);
  for (const options of [{}, { rows: 3 }]) {
    const found = assertNewTensors(0, () => evaluateLogSums(logSums, given, options));
    const how = `${what}, ${JSON.stringify({ ...logSums, ...options })}`;
    assertFound(found, expected, how, digits);
  }
}

for (const [what, given] of Object.entries(cases)) {
  engineTest(`logarithms of sums over pairs agree with loops: ${what}`, () => {
    for (const logSums of kinds) assertAgrees(given, logSums, what);
  });
}

engineTest("logarithms of sums over pairs agree with loops for all shapes and labels", () => {
  fc.assert(
    fc.property(anyCase, fc.constantFrom(...kinds), (given, logSums) => assertAgrees(given, logSums, "any case")),
    { numRuns: 60 },
  );
});

engineTest("logarithms of sums over pairs are finite where rows are zeros, copies or without pairs", () => {
  for (const [what, given] of Object.entries(oddCases)) {
    for (const logSums of kinds) assertAgrees(given, logSums, what);
  }
});

engineTest("logarithms of sums over pairs show what is no number", () => {
  for (const logSums of kinds) {
    for (const given of brokenCases) assertEquals(evaluateLogSums(logSums, given).value, NaN);
  }
});

fusedTest(["WindowLogSums"], "the kernel of sums makes no matrix of pairs, and gives the same bits each time", () => {
  const given = { anchors: group("a", 64, 4), appended: group("m", 5000, 4), constant: true };
  const loss = tiled(multiSimilarity(), { pairing: ([rows]) => pairsOf(given, rows!, rows!) });
  const rows = tf.tensor2d(given.anchors.rows.flat(), [64, 4]);
  const run = () =>
    tf.tidy(() => [...tf.grad((x) => loss([x as tf.Tensor2D], { training: true, key: key(0) }))(rows).dataSync()]);
  const { peakBytes, result } = measurePeakSync(run);
  assert(peakBytes < 4 * 64 * 5000 / 2, `${peakBytes} bytes`);
  assertEquals(run(), result);
});

fusedTest(["WindowLogSums"], "the kernel of sums agrees with a table that it sees a part of", () => {
  const memory = group("m", 90, 20);
  const table = tf.tensor2d(memory.rows.flat(), [90, 20]);
  const rows = tf.tensor2d(group("a", 7, 20).rows.flat(), [7, 20]);
  const labels = tf.tensor1d([0, 0, 1, 1, 2, 2, 2], "int32");
  const value = (cut: boolean) => {
    const appended = cut ? tf.slice(table, [30, 0], [50, 20]) : { table, first: 30, count: 50 };
    const given = { anchors: group("a", 7, 20), appended: { ...memory, labels: memory.labels.slice(30, 80) } };
    const loss = tiled(multiSimilarity(), {
      pairing: ([rows]) => ({
        ...pairsOf({ ...given, appended: { ...given.appended, rows: memory.rows.slice(30, 80) } }, rows!, rows!),
        appended,
      }),
    });
    return loss([rows], { training: true, key: key(0), targets: labels }).dataSync()[0];
  };
  assertEquals(value(false), value(true));
});
