import { assertEquals, assertStringIncludes } from "@std/assert";
import type { MethodName } from "../../bench/cases.ts";
import { checkGrowth } from "../../bench/growth.ts";
import { point } from "./_point.ts";

const taking = (method: MethodName, batch: number, peakBytes: number) => point({ method, batch, peakBytes });

Deno.test("checkGrowth() allows cached steps the matrices that couple the examples and no more", () => {
  const coupling = (batch: number) => 4 * 12 * batch * 128 + Math.min(8 * batch * batch, 32e6);
  const curve = (extra: number) => [
    taking("cached", 64, 1e6),
    taking("cached", 256, 1e6 + 10),
    taking("cached", 128, 1e6 + 5),
    taking("cached", 4096, 1e6 + coupling(4096) - coupling(64) + extra),
  ];
  assertEquals(checkGrowth(curve(0)).map(({ holds }) => holds), [true]);
  assertEquals(checkGrowth(curve(1)).map(({ holds }) => holds), [false]);
  assertStringIncludes(checkGrowth(curve(0))[0]!.claim, "12 matrices [N, 128] and a tile");
});

Deno.test("checkGrowth() takes no notice of batches that are smaller than a chunk", () => {
  const curve = [taking("cached", 8, 1e3), taking("cached", 32, 1e6), taking("cached", 64, 1e6)];
  assertEquals(checkGrowth(curve).map(({ holds }) => holds), [true]);
  assertEquals(checkGrowth(curve.slice(0, 2)), []);
});

Deno.test("checkGrowth() tells a full step that grows linearly from one that does not", () => {
  const curve = (power: number) => [64, 128, 256].map((batch) => taking("full", batch, 1e5 + 1000 * batch ** power));
  assertEquals(checkGrowth(curve(1)).map(({ holds }) => holds), [true]);
  assertEquals(checkGrowth(curve(1.5)).map(({ holds }) => holds), [false]);
});

Deno.test("checkGrowth() says nothing of curves that are too short, or accumulated", () => {
  const points = [taking("cached", 64, 1), taking("full", 64, 1), taking("full", 128, 2), taking("accumulate", 64, 1)];
  assertEquals(checkGrowth([...points, taking("accumulate", 128, 9)]), []);
});
