import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { checkBudgets, checkTimes } from "../../bench/claims.ts";
import type { Point } from "../../bench/point.ts";
import { point } from "./_point.ts";

function planned(share: number, fields: Partial<Point>): Point {
  return point({ method: "planned", batch: 256, share, memory: 1000 * share, ...fields });
}

Deno.test("checkBudgets() names each point that takes more than its budget, and the closest one", () => {
  const within = [planned(0.5, { peakBytes: 400 }), planned(1, { peakBytes: 1000 })];
  assertEquals(checkBudgets(within), [{
    claim: "transformer, planned: peak tensor bytes are within the budget at 2 of 2 points, at most 100.0 % of it",
    holds: true,
    required: true,
  }]);
  const [broken] = checkBudgets([...within, planned(0.1, { peakBytes: 101, firstPeakBytes: 99, batch: 512 })]);
  assertEquals([broken!.holds, broken!.required], [false, true]);
  assertStringIncludes(
    broken!.claim,
    "at 2 of 3 points, at most 101.0 % of it: transformer, batch 512, planned, 10 % takes 101.0 % in a later step",
  );
  const [first] = checkBudgets([planned(0.1, { peakBytes: 101, firstPeakBytes: 101 })]);
  assertMatch(first!.claim, /takes 101\.0 % in its first step$/);
});

Deno.test("checkBudgets() counts what has a budget, encoder by encoder", () => {
  assertEquals(checkBudgets([point({ method: "full", batch: 8, peakBytes: 9 })]), []);
  const two = checkBudgets([planned(1, { peakBytes: 1 }), planned(1, { peakBytes: 1001, encoder: "mlp" })]);
  assertEquals(two.map(({ holds }) => holds), [true, false]);
});

Deno.test("checkTimes() takes the slowest batch at each budget with a claim, and a miss is no failure", () => {
  const claims = checkTimes([
    planned(0.1, { ratio: 1.351 }),
    planned(0.1, { ratio: 1.2, batch: 512 }),
    planned(0.25, { ratio: 9 }),
    planned(0.5, { ratio: 1.2 }),
    planned(1, { ratio: 1.01 }),
    planned(1, { ratio: 1.03, batch: 4096 }),
  ]);
  assertEquals(claims.map(({ holds, required }) => [holds, required]), [[false, false], [true, false], [false, false]]);
  assertEquals(
    claims[2]!.claim,
    "transformer, planned: with 100 % of the full batch's memory a step takes at most 1.030 of its time " +
      "(batch 4096), claimed 1.02",
  );
});

Deno.test("checkTimes() says nothing of points that were not timed beside the full batch", () => {
  assertEquals(checkTimes([planned(1, {}), point({ method: "cached", batch: 8, ratio: 3 })]), []);
});
