import { assertEquals, assertStringIncludes } from "@std/assert";
import type { MethodName } from "../../bench/cases.ts";
import { checkGrowth } from "../../bench/growth.ts";
import type { Point } from "../../bench/point.ts";
import { curveOf, expectedBytes, formatPoints, pointSpecs } from "../../bench/points.ts";

function point(method: MethodName, batch: number, peakBytes: number, rssAboveBase = 0): Point {
  const chunk = method === "full" ? batch : 32;
  return {
    encoder: "transformer",
    method,
    batch,
    chunk,
    engine: "wasm",
    peakBytes,
    rssAboveBase,
    msPerExample: 1.234,
  };
}

Deno.test("checkGrowth() allows cached steps the matrices that couple the examples and no more", () => {
  const coupling = (batch: number) => 4 * 12 * batch * 128 + Math.min(8 * batch * batch, 32e6);
  const curve = (extra: number) => [
    point("cached", 64, 1e6),
    point("cached", 256, 1e6 + 10),
    point("cached", 128, 1e6 + 5),
    point("cached", 4096, 1e6 + coupling(4096) - coupling(64) + extra),
  ];
  assertEquals(checkGrowth(curve(0)).map(({ holds }) => holds), [true]);
  assertEquals(checkGrowth(curve(1)).map(({ holds }) => holds), [false]);
  assertStringIncludes(checkGrowth(curve(0))[0]!.claim, "12 matrices [N, 128] and a tile");
});

Deno.test("checkGrowth() tells a full step that grows linearly from one that does not", () => {
  const curve = (power: number) => [64, 128, 256].map((batch) => point("full", batch, 1e5 + 1000 * batch ** power));
  assertEquals(checkGrowth(curve(1)).map(({ holds }) => holds), [true]);
  assertEquals(checkGrowth(curve(1.5)).map(({ holds }) => holds), [false]);
});

Deno.test("checkGrowth() says nothing of curves that are too short, or accumulated", () => {
  const points = [point("cached", 64, 1), point("full", 64, 1), point("full", 128, 2), point("accumulate", 64, 1)];
  assertEquals(checkGrowth([...points, point("accumulate", 128, 9)]), []);
});

Deno.test("expectedBytes() goes on along a line through the last points", () => {
  assertEquals(expectedBytes([], 64), 0);
  assertEquals(expectedBytes([point("full", 64, 100)], 128), 200);
  assertEquals(expectedBytes([point("full", 64, 100), point("full", 128, 150)], 256), 250);
  // Whichever is larger, tensors or resident memory.
  assertEquals(expectedBytes([point("full", 64, 100, 300)], 128), 600);
});

Deno.test("pointSpecs() takes a full step once for all chunk sizes", () => {
  const specs = pointSpecs({
    encoders: ["transformer"],
    methods: ["full", "cached"],
    batches: [64, 128],
    chunks: [8, 32],
    out: "",
    limit: 0,
  });
  assertEquals(specs.map((spec) => `${curveOf(spec)}: ${spec.batch}`), [
    "full: 64",
    "full: 128",
    "cached, chunks of 8: 64",
    "cached, chunks of 8: 128",
    "cached, chunks of 32: 64",
    "cached, chunks of 32: 128",
  ]);
});

Deno.test("formatPoints() lists what was measured and says what was not", () => {
  const { encoder, method, batch, chunk } = point("full", 4096, 0);
  const text = formatPoints([
    point("cached", 64, 1.25e6, 2e6),
    { encoder, method, batch, chunk, missing: "it would take about 9.0 GB", failed: false },
  ]);
  const [, row, missing] = text.split("\n");
  assertEquals(row!.split(/ {2,}/), ["transformer", "64", "cached, chunks of 32", "1.3", "2.0", "1.23"]);
  assertEquals(missing, "Left out: transformer, batch 4096, full: it would take about 9.0 GB");
});
