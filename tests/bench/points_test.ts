import { assertEquals } from "@std/assert";
import { curveOf, expected, formatPoints, groupOf, measurePoints, stepSpecs, takenBytes } from "../../bench/points.ts";
import type { Point } from "../../bench/point.ts";
import { point } from "./_point.ts";

Deno.test("stepSpecs() takes each batch's steps together, the full batch once for all chunks and budgets", () => {
  const specs = stepSpecs({
    encoders: ["mlp"],
    methods: ["full", "cached", "planned"],
    batches: [64, 128],
    chunks: [8, 32],
    shares: [0.1, 1],
    rounds: 1,
    out: "",
    limit: 0,
  });
  const steps = ["full", "cached, chunks of 8", "cached, chunks of 32", "planned, 10 %", "planned, 100 %"];
  assertEquals(
    specs.map((spec) => `${groupOf(spec)}: ${curveOf(spec)}`),
    [64, 128].flatMap((batch) => steps.map((step) => `mlp, batch ${batch}: ${step}`)),
  );
});

Deno.test("curveOf() names a budget that is no part of a full batch by its bytes", () => {
  assertEquals(curveOf(point({ method: "planned", batch: 8, memory: 12.34e6 })), "planned, 12.3 MB");
});

Deno.test("expected() goes on along a line through the last points", () => {
  const full = (batch: number, peakBytes: number, rssAboveBase = 0) =>
    point({ method: "full", batch, peakBytes, rssAboveBase });
  const peak = ({ peakBytes }: Point) => peakBytes;
  assertEquals(expected([], 64, peak), 0);
  assertEquals(expected([full(64, 100)], 128, peak), 200);
  assertEquals(expected([full(32, 7), full(64, 100), full(128, 150)], 256, peak), 250);
  assertEquals(expected([full(64, 100), full(128, 150)], 128, peak), 150);
  assertEquals(expected([full(64, 100, 300)], 128, peak), 200);
});

Deno.test("takenBytes() is the larger of two lines, so that resident memory that varies hides no tensors", () => {
  const full = (batch: number, peakBytes: number, rssAboveBase: number) =>
    point({ method: "full", batch, peakBytes, rssAboveBase });
  assertEquals(takenBytes([full(64, 100, 300)], 128), 600);
  // Resident memory that shrank from one point to the next is no reason to expect less.
  assertEquals(takenBytes([full(4, 40, 500), full(8, 80, 300)], 256), 2560);
});

Deno.test("measurePoints() leaves out a budget without a full batch, without trying it", () => {
  const spec = { encoder: "mlp", method: "planned", batch: 8, share: 0.5 } as const;
  assertEquals([...measurePoints([spec], { limit: 1e9, steps: 0 })], [{
    ...spec,
    missing: "no full batch was measured, whose peak its budget is a part of",
    failed: false,
  }]);
});

Deno.test("formatPoints() has only the columns that say something", () => {
  const text = formatPoints([point({ method: "cached", batch: 64, peakBytes: 1.25e6, rssAboveBase: 2e6, ms: 160 })]);
  assertEquals(text.split("\n").map((line) => line.split(/ {2,}/)), [
    ["encoder", "batch", "step", "peak tensors MB", "RSS above base MB", "ms", "ms/example"],
    ["transformer", "64", "cached, chunks of 32", "1.3", "2.0", "160.0", "2.50"],
  ]);
});

Deno.test("formatPoints() lists budgets, ratios and plans, and says what was not measured", () => {
  const planned = { method: "planned", batch: 64, share: 0.5, memory: 3e6 } as const;
  const text = formatPoints([
    point({ method: "full", batch: 64, peakBytes: 6e6, ms: 64, ratio: 1 }),
    point({ ...planned, peakBytes: 2.9e6, ms: 70.4, ratio: 1.1, plan: "4 chunks of 16" }),
    { encoder: "mlp", method: "full", batch: 4096, missing: "it would take about 9.0 GB", failed: false },
    { encoder: "mlp", ...planned, missing: "its process failed", failed: true },
  ]);
  const [head, full, half, ...missing] = text.split("\n");
  assertEquals(head!.split(/ {2,}/).slice(3, 5), ["budget MB", "peak tensors MB"]);
  assertEquals(full!.split(/ {2,}/).slice(2), ["full", "-", "6.0", "0.0", "64.0", "1.00", "1.000", "-"]);
  assertEquals(half!.split(/ {2,}/).slice(2), [
    "planned, 50 %",
    "3.0",
    "2.9",
    "0.0",
    "70.4",
    "1.10",
    "1.100",
    "4 chunks of 16",
  ]);
  assertEquals(missing, [
    "Left out: mlp, batch 4096, full: it would take about 9.0 GB",
    "Failed: mlp, batch 64, planned, 50 %: its process failed",
  ]);
});
