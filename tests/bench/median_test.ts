import { assertEquals } from "@std/assert";
import { median } from "../../bench/median.ts";

Deno.test("median() takes the middle, or the mean of the middle two", () => {
  assertEquals([[], [3], [10, 9], [10, 1, 9], [4, 100, 1, 3]].map(median), [NaN, 3, 9.5, 9, 3.5]);
});
