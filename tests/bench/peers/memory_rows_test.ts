import { assertEquals } from "@std/assert";
import { comparable } from "../../../bench/peers/memory.ts";
import { checkPeers, comparePeers, describePeers, formatPeers } from "../../../bench/peers/memory_rows.ts";
import { ownRun, peerRun } from "../_memory_run.ts";

const joint = { convention: "joint" } as const;

Deno.test("comparable() takes their convention, and no more entries than they can", () => {
  const spec = { loss: "triplet", entries: "near", size: 50000, convention: "sum", batch: 64, steps: 3 } as const;
  assertEquals(comparable(spec), { ...spec, size: 5000, convention: "joint" });
  assertEquals(comparable({ ...spec, loss: "contrastive" }).size, 50000);
  assertEquals(comparable({ ...spec, size: 100 }).size, 100);
});

Deno.test("comparePeers() sets medians of the same loss, entries and size beside each other", () => {
  const runs = [
    ...[10, 30, 20].map((ms) => ownRun({ ...joint, ms })),
    ...[50, 40, 90].map((ms) => peerRun({ ms })),
    // Of another convention, with a budget, or of one side only.
    ownRun({ ms: 1 }),
    ownRun({ ...joint, budget: 6e7 }),
    ownRun({ ...joint, size: 5 }),
    peerRun({ entries: "near" }),
  ];
  assertEquals(comparePeers(runs).map(({ ours, theirs }) => [ours.ms, theirs.ms, theirs.plainMs]), [[20, 50, 90]]);
});

Deno.test("checkPeers() wants as many parameters, and claims that ours takes no longer", () => {
  const claims = (parameters: number, ms: number) =>
    checkPeers(comparePeers([ownRun({ ...joint, ms }), peerRun({ parameters, ms: 100 })]));
  assertEquals(claims(10, 100).map(({ holds }) => holds), [true, true]);
  assertEquals(claims(11, 101), [
    { claim: "the residual encoder: 10 parameters, in PyTorch 11", holds: false, required: true },
    {
      claim: "contrastive, 50,000 entries far: a step takes 1.01 of pytorch-metric-learning's time, claimed 1.00",
      holds: false,
      required: false,
    },
  ]);
  assertEquals(checkPeers([]), []);
});

Deno.test("formatPeers() shows ratios of ours to theirs", () => {
  const rows = comparePeers([
    ownRun(joint),
    peerRun(),
    ownRun({ ...joint, entries: "near" }),
    peerRun({ entries: "near", rssAboveBase: 0 }),
  ]);
  assertEquals(formatPeers(rows).split("\n").slice(1).map((line) => line.split(/ {2,}/)), [
    ["contrastive", "far", "50,000", "120.0", "240.0", "0.50", "4.0", "8.0", "0.50", "100.0", "90.0"],
    ["contrastive", "near", "50,000", "120.0", "240.0", "0.50", "4.0", "0.0", "-", "100.0", "90.0"],
  ]);
});

Deno.test("describePeers() says once what runs, and what is not as it should be", () => {
  const cores = navigator.hardwareConcurrency;
  const odd = peerRun({ threads: cores + 1, mkl: false });
  assertEquals(describePeers([ownRun(), ownRun(), peerRun(), odd]), [
    "gradfold: wasm engine",
    `PyTorch: torch 2.9, pytorch-metric-learning 2.8, ${cores} threads, with MKL`,
    `PyTorch: torch 2.9, pytorch-metric-learning 2.8, ${
      cores + 1
    } threads, though there are ${cores} cores, without MKL`,
  ]);
});
