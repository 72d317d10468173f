import { assertAlmostEquals, assertThrows } from "@std/assert";
import { fastAP } from "../../losses/mod.ts";
import { engineTest } from "../support/mod.ts";
import { cosines, mean, relatives } from "./_naive.ts";
import { rowLossSuite } from "./_row_loss_suite.ts";
import { type Rows, valueOf } from "./_support.ts";

function naive(rows: Rows, labels: readonly number[], bins: number): number {
  const all = cosines(rows);
  const width = 4 / bins;
  const terms = labels.flatMap((_, a) => {
    const { positives, negatives } = relatives(labels, a);
    // A triangle around each center.
    const histogram = (others: number[]) =>
      Array.from(
        { length: bins + 1 },
        (_, l) =>
          others.reduce((sum, j) => sum + Math.max(0, 1 - Math.abs(2 - 2 * all[a]![j]! - l * width) / width), 0),
      );
    const [hits, misses] = [histogram(positives), histogram(negatives)];
    let [hit, every, sum] = [0, 0, 0];
    for (let l = 0; l <= bins; l++) {
      hit += hits[l]!;
      every += hits[l]! + misses[l]!;
      if (every > 0) sum += hits[l]! * hit / every;
    }
    return positives.length === 0 ? [] : [1 - sum / positives.length];
  });
  return mean(terms);
}

for (const bins of [10, 3]) {
  rowLossSuite({
    name: `fastAP() with ${bins} bins`,
    make: () => fastAP({ bins }),
    naive: (rows, labels) => naive(rows, labels, bins),
    golden: bins === 10 ? [{ name: "FastAPLoss(10)", make: () => fastAP() }] : [],
  });
}

engineTest("fastAP() is 1 less the average precision where distances are at centers", () => {
  // The first row has a negative before its positive, the second one as near as it.
  const rows = [[1, 0], [0, 1], [1, 0]];
  for (const bins of [2, 10, 4000]) assertAlmostEquals(valueOf(fastAP({ bins }), [rows], [0, 0, 1]), 0.5, 1e-6);
});

engineTest("fastAP() is 0 where all positives are nearer than all negatives", () => {
  const rows = [[1, 0], [1, 0.1], [-1, 0], [-1, 0.1]];
  assertAlmostEquals(valueOf(fastAP(), [rows], [0, 0, 1, 1]), 0, 1e-6);
});

Deno.test("fastAP() names an option that is wrong", () => {
  for (const bins of [0, 2.5, NaN]) {
    assertThrows(() => fastAP({ bins }), RangeError, `bins is ${bins}`);
  }
});
