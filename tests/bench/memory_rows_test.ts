import { assertAlmostEquals, assertEquals } from "@std/assert";
import { checkMemoryBudgets, checkRatios, formatMemory, memoryRows } from "../../bench/memory_rows.ts";
import { ownRun, peerRun } from "./_memory_run.ts";

Deno.test("memoryRows() takes medians over rounds, the ratio's over processes, and the largest peak", () => {
  const runs = [[100, 130], [200, 220], [50, 60]].map(([plainMs, ms], i) =>
    ownRun({ plainMs: plainMs!, ms: ms!, peakBytes: (i + 1) * 1e6, rssAboveBase: (3 - i) * 1e6 })
  );
  const [row, ...more] = memoryRows([...runs, peerRun(), ownRun({ convention: "joint" })], "sum");
  assertEquals(more, []);
  assertEquals([row!.plainMs, row!.ms, row!.peakBytes, row!.rssAboveBase], [100, 130, 3e6, 2e6]);
  assertAlmostEquals(row!.ratio, 1.2, 1e-12);
});

Deno.test("memoryRows() keeps losses, entries, sizes and budgets apart", () => {
  const runs = [
    ownRun(),
    ownRun({ entries: "near" }),
    ownRun({ budget: 6e7 }),
    ownRun({ size: 9 }),
    ownRun({ loss: "triplet" }),
  ];
  assertEquals(memoryRows([...runs, ...runs], "sum").map(({ spec }) => spec), runs);
});

Deno.test("checkRatios() claims that a memory costs at most 1.3 of a step", () => {
  const claims = checkRatios(memoryRows([ownRun({ ms: 130 }), ownRun({ ms: 131, loss: "triplet" })], "sum"));
  assertEquals(claims.map(({ holds, required }) => [holds, required]), [[true, false], [false, false]]);
  assertEquals(
    claims[1]!.claim,
    "triplet, 50,000 entries far: a step takes 1.31 of the time without a memory, claimed 1.30",
  );
});

Deno.test("checkMemoryBudgets() wants every budget to be kept", () => {
  const runs = [ownRun(), ownRun({ budget: 2e6 }), ownRun({ budget: 1.9e6, entries: "near" })];
  assertEquals(checkMemoryBudgets(memoryRows(runs, "sum")), [
    {
      claim: "contrastive, 50,000 entries far within 2 MB: peak tensor bytes are 100.0 % of the budget",
      holds: true,
      required: true,
    },
    {
      claim: "contrastive, 50,000 entries near within 1.9 MB: peak tensor bytes are 105.3 % of the budget",
      holds: false,
      required: true,
    },
  ]);
});

Deno.test("formatMemory() has one line a row", () => {
  const [, ...lines] = formatMemory(memoryRows([ownRun(), ownRun({ budget: 6e7 })], "sum")).split("\n");
  assertEquals(lines.map((line) => line.split(/ {2,}/)), [
    ["contrastive", "far", "50,000", "-", "100.0", "120.0", "1.20", "1.0", "2.0", "3.0", "4.0"],
    ["contrastive", "far", "50,000", "60", "100.0", "120.0", "1.20", "1.0", "2.0", "3.0", "4.0"],
  ]);
});
