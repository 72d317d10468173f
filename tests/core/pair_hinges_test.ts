import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { key, measurePeakSync, tiled } from "../../core/mod.ts";
import type { Hinges } from "../../core/row_loss.ts";
import { contrastive } from "../../losses/contrastive.ts";
import { assertNewTensors, engineTest } from "../support/mod.ts";
import { fc } from "../support/properties.ts";
import { fusedTest } from "./_fused_support.ts";
import { assertFound, evaluateHinges, naiveHinges, type PairCase, pairsOf } from "./_naive_hinges.ts";
import { anyCase, brokenCases, cases, group, oddCases } from "./_pair_cases.ts";

/** Few pairs with a hinge, and nearly all of them. */
const sparse = { distance: true, positiveMargin: 0, negativeMargin: 0.9, all: false };
const dense = { ...sparse, positiveMargin: -0.5, negativeMargin: 2.5 };
const kinds: readonly Hinges[] = [sparse, dense, { ...sparse, all: true }, { ...dense, all: true }].flatMap((
  hinges,
) => [
  hinges,
  // As many by cosine. A margin of 1 would leave it to rounding which copies count.
  { ...hinges, distance: false, positiveMargin: 0.95, negativeMargin: hinges.negativeMargin > 2 ? -1.5 : 0.6 },
]);

/** Asserts that kernel, tiles and loops agree, or tiles and loops where there is no kernel. */
function assertAgrees(given: PairCase, hinges: Hinges, what: string, digits = 2e-4): void {
  const expected = naiveHinges(hinges, given);
  for (const options of [{}, { rows: 3 }]) {
    const found = assertNewTensors(0, () => evaluateHinges(hinges, given, options));
    const how = `${what}, ${JSON.stringify({ ...hinges, ...options })}`;
    assertFound(found, expected, how, digits);
  }
}

for (const [what, given] of Object.entries(cases)) {
  engineTest(`hinges of pairs agree with loops: ${what}`, () => {
    for (const hinges of kinds) assertAgrees(given, hinges, what);
  });
}

engineTest("hinges of pairs agree with loops for all shapes and labels", () => {
  fc.assert(
    fc.property(anyCase, fc.constantFrom(...kinds), (given, hinges) => assertAgrees(given, hinges, "any case")),
    { numRuns: 60 },
  );
});

engineTest("hinges of pairs have a value and a finite gradient where rows are zeros, copies or without pairs", () => {
  for (const [what, given] of Object.entries(oddCases)) {
    for (const hinges of kinds) assertAgrees(given, hinges, what);
  }
});

engineTest("hinges of pairs show what is no number", () => {
  for (const hinges of kinds) {
    for (const given of brokenCases) assertEquals(evaluateHinges(hinges, given).value, NaN);
  }
});

fusedTest(["WindowHinges"], "the kernel of hinges makes no matrix of pairs, and gives the same bits each time", () => {
  const given = { anchors: group("a", 64, 4), appended: group("m", 5000, 4), constant: true };
  const loss = tiled(contrastive(), { pairing: ([rows]) => pairsOf(given, rows!, rows!) });
  const rows = tf.tensor2d(given.anchors.rows.flat(), [64, 4]);
  const run = () =>
    tf.tidy(() => [...tf.grad((x) => loss([x as tf.Tensor2D], { training: true, key: key(0) }))(rows).dataSync()]);
  const { peakBytes, result } = measurePeakSync(run);
  assert(peakBytes < 4 * 64 * 5000 / 2, `${peakBytes} bytes`);
  assertEquals(run(), result);
});
