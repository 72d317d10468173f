import { assertAlmostEquals, assertThrows } from "@std/assert";
import { sameLabel, tiled } from "../../core/mod.ts";
import { megaBatchMargin } from "../../losses/mod.ts";
import { engineTest } from "../support/mod.ts";
import { alignedSuite } from "./_aligned_suite.ts";
import { cosines, mean, relatives } from "./_naive.ts";
import { differentiate, randomRows, type Rows, valueOf } from "./_support.ts";

function naive(matrices: readonly Rows[], positiveMargin = 0.8, negativeMargin = 0.3): number {
  const [anchors, ...references] = matrices as [Rows, ...Rows[]];
  return mean(
    cosines(anchors, references.flat()).map((row, i) => {
      const hardest = Math.max(...row.filter((_, j) => j !== i));
      return Math.max(positiveMargin - row[i]!, 0) + Math.max(hardest - negativeMargin, 0);
    }),
  );
}

const [a, b] = [randomRows(21, 7, 4), randomRows(22, 7, 4)];
alignedSuite({
  name: "megaBatchMargin()",
  make: () => megaBatchMargin(),
  naive,
  shapes: {
    "more references than anchors": [a, randomRows(23, 9, 4)],
    "a matrix of hard negatives": [a, b, randomRows(24, 3, 4)],
  },
});

engineTest("megaBatchMargin() takes margins", () => {
  for (const [positiveMargin, negativeMargin] of [[1, -1], [0.2, 0.6], [-1, 1]] as const) {
    const loss = megaBatchMargin({ positiveMargin, negativeMargin });
    assertAlmostEquals(valueOf(loss, [a, b]), naive([a, b], positiveMargin, negativeMargin), 1e-5);
  }
});

engineTest("megaBatchMargin() by label counts the farthest positive, and what there is", () => {
  const labels = [0, 1, 0, 0, 2, 1, 3];
  const all = cosines(a);
  const expected = mean(labels.map((_, i) => {
    const { positives, negatives } = relatives(labels, i);
    const pull = positives.length > 0 ? Math.max(0.8 - Math.min(...positives.map((p) => all[i]![p]!)), 0) : 0;
    return pull + Math.max(Math.max(...negatives.map((n) => all[i]![n]!)) - 0.3, 0);
  }));
  const loss = tiled(megaBatchMargin(), { pairing: sameLabel(), rows: 3 });
  assertAlmostEquals(differentiate(loss, [a], labels).value, expected, 1e-5);
  // One class has no negatives.
  const pulls = all.map((row, i) => Math.max(0.8 - Math.min(...row.filter((_, j) => j !== i)), 0));
  assertAlmostEquals(valueOf(loss, [a], labels.map(() => 0)), mean(pulls), 1e-5);
});

Deno.test("megaBatchMargin() names an option that is wrong", () => {
  assertThrows(() => megaBatchMargin({ positiveMargin: NaN }), RangeError, "positiveMargin is NaN");
  assertThrows(() => megaBatchMargin({ negativeMargin: -Infinity }), RangeError, "negativeMargin is -Infinity");
});
