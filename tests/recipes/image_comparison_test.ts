import { assertAlmostEquals, assertEquals } from "@std/assert";
import { compareSeeds, scoreCells, signed } from "../../recipes/images/comparison.ts";

Deno.test("compareSeeds() pairs seeds, and calls clear what is above twice the scatter of the differences", () => {
  const { gain, gains, noise, verdict } = compareSeeds([0.6, 0.7, 0.65], [0.5, 0.58, 0.6]);
  assertAlmostEquals(gain, (0.1 + 0.12 + 0.05) / 3, 1e-12);
  assertEquals(gains.map((value) => value.toFixed(2)), ["0.10", "0.12", "0.05"]);
  // The standard deviations are 0.05 and 0.0529.
  assertAlmostEquals(noise, 0.0529, 1e-4);
  assertEquals(verdict, "helps");
  assertEquals(compareSeeds([0.5, 0.58, 0.6], [0.6, 0.7, 0.65]).verdict, "harms");
  assertEquals(compareSeeds([0.6, 0.7], [0.58, 0.71]).verdict, "makes no clear difference");
  assertEquals(compareSeeds([0.9], [0.1]).verdict, "makes no clear difference");
});

Deno.test("scores of seeds are cells, differences have a sign", () => {
  const cells = scoreCells([{ recall1: 0.5, recall10: 0.8, mapAtR: 0.2 }, {
    recall1: 0.6,
    recall10: 0.8,
    mapAtR: 0.3,
  }]);
  assertEquals(cells, ["0.550 ± 0.071", "0.800 ± 0.000", "0.250 ± 0.071"]);
  assertEquals([signed(0.0123), signed(-0.5), signed(0)], ["+0.012", "-0.500", "+0.000"]);
});
