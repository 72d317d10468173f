import { assertEquals, assertRejects } from "@std/assert";
import { onePerSet } from "../../../data/images/_concepts.ts";
import { loadIcons } from "../../../data/images/icons.ts";

Deno.test("onePerSet() takes the shortest name of a concept in each set", () => {
  const names = [
    ["alarm-bold-duotone", "alarm-linear", "outline-alarm", "alarm-clock", "home-24", "house"],
    ["round-alarm", "alarm", "baseline-home", "home-outline-rounded"],
  ];
  assertEquals(onePerSet(names).map(({ set, icon, className }) => `${set} ${icon} ${className}`), [
    "0 alarm-linear alarm",
    "0 alarm-clock alarm-clock",
    "0 home-24 home",
    "0 house house",
    "1 alarm alarm",
    "1 baseline-home home",
  ]);
});

Deno.test("onePerSet() takes words for styles away in one order, each once", () => {
  const concept = (icon: string) => onePerSet([[icon]])[0]!.className;
  assertEquals(concept("sharp-star-outline-rounded"), "star");
  assertEquals(concept("star-line-duotone"), "star");
  assertEquals(concept("star-bold-thin"), "star");
  assertEquals(concept("star-fill-fill"), "star-fill");
  assertEquals(concept("outline"), "outline");
  assertEquals(concept("filled-star"), "filled-star");
});

Deno.test("loadIcons() refuses options that are out of range before it fetches anything", async () => {
  await assertRejects(() => loadIcons({ size: -1 }), RangeError, "Cannot load icons: size is -1, expected an integer");
  await assertRejects(() => loadIcons({ drawings: 18 }), RangeError, "expected an integer from 1 to 17");
});
