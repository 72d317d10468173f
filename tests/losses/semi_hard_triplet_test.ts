import { assertAlmostEquals, assertThrows } from "@std/assert";
import { semiHardTriplet, type SemiHardTripletOptions } from "../../losses/mod.ts";
import { engineTest } from "../support/mod.ts";
import { cosines, distance, mean, relatives, softplus } from "./_naive.ts";
import { rowLossSuite } from "./_row_loss_suite.ts";
import { type Rows, valueOf } from "./_support.ts";
import { positivePairs } from "./_triplets.ts";

function naive(rows: Rows, labels: readonly number[], options: SemiHardTripletOptions): number {
  const { margin = 0.2, smooth, measure } = options;
  const far = cosines(rows).map((row) => row.map((s) => measure === "cosine" ? -s : distance(s)));
  const terms = positivePairs(labels).flatMap(([a, p]) => {
    const negatives = relatives(labels, a).negatives.map((n) => far[a]![n]!);
    const beyond = negatives.filter((d) => d > far[a]![p]!);
    if (negatives.length === 0) return [];
    return [far[a]![p]! - (beyond.length > 0 ? Math.min(...beyond) : Math.max(...negatives)) + margin];
  });
  return mean(terms.map((x) => smooth ? softplus(x) : Math.max(x, 0)));
}

const cases: [string, SemiHardTripletOptions][] = [
  ["", {}],
  [" with softplus", { smooth: true, margin: 0.1 }],
  [" by cosine", { measure: "cosine", margin: 0.4 }],
];
for (const [name, options] of cases) {
  rowLossSuite({
    name: `semiHardTriplet()${name}`,
    make: () => semiHardTriplet(options),
    naive: (rows, labels) => naive(rows, labels, options),
  });
}

engineTest("semiHardTriplet() falls back on the farthest negative", () => {
  // The positive is opposite; both negatives are nearer, at right angles and at 45°.
  const rows = [[1, 0], [-1, 0], [0, 1], [1, 1]];
  const onlyFirst = [[1, 0], [-1, 0], [0, 1]];
  assertAlmostEquals(valueOf(semiHardTriplet(), [rows], [0, 0, 1, 2]), naive(rows, [0, 0, 1, 2], {}), 1e-6);
  assertAlmostEquals(valueOf(semiHardTriplet(), [onlyFirst], [0, 0, 1]), 2 - Math.SQRT2 + 0.2, 1e-6);
});

Deno.test("semiHardTriplet() names an option that is wrong", () => {
  assertThrows(() => semiHardTriplet({ margin: NaN }), RangeError, "margin is NaN");
  assertThrows(() => semiHardTriplet({ measure: "dot" as never }), RangeError, "measure is dot");
});
