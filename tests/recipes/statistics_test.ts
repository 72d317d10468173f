import { assertAlmostEquals, assertEquals } from "@std/assert";
import { deviation, mean, spread } from "../../recipes/runner/statistics.ts";

Deno.test("mean() and deviation() are those of a sample", () => {
  assertEquals(mean([1, 2, 6]), 3);
  assertEquals(mean([]), NaN);
  // The squares are 4, 1 and 9, and one degree of freedom is spent on the mean.
  assertAlmostEquals(deviation([1, 2, 6]), Math.sqrt(14 / 2), 1e-12);
  assertEquals(deviation([5]), 0);
});

Deno.test("spread() leaves out the deviation of a single run", () => {
  assertEquals(spread([0.25]), "0.250");
  assertEquals(spread([0.1, 0.3]), "0.200 ± 0.141");
  assertEquals(spread([1, 2], 1), "1.5 ± 0.7");
});
