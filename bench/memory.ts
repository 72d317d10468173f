/**
 * What a memory costs a step: `deno task bench:memory`. Each measurement is a fresh process that takes steps without and
 * with a full memory in turns; with `--peers` pytorch-metric-learning's takes turns with ours.
 *
 * @module
 */
import { UsageError } from "../recipes/runner/usage_error.ts";
import { writeWhole } from "../recipes/runner/write_whole.ts";
import type { Claim } from "./claims.ts";
import { memoryRounds } from "./memory_rounds.ts";
import { checkMemoryBudgets, checkRatios, formatMemory, memoryRows, type MemoryRun } from "./memory_rows.ts";
import { bytesOf, describeMemory, entryKinds, memoryLossNames, PER_CLASS } from "./memory_spec.ts";
import { count, engineNames, pick, pickAll, readOptions } from "./options.ts";
import { checkPeers, comparePeers, describePeers, formatPeers } from "./peers/memory_rows.ts";
import { findPython } from "./peers/python.ts";
import { resultFile } from "./points.ts";

const HELP = `Measures steps with a full memory beside those without, each point in a fresh process

  --losses contrastive,multiSimilarity,triplet  which losses
  --entries far,near                            where entries lie: without negatives within a margin, or all within
  --size 50000                                  entries in the memory, of width 128
  --batch 64                                    images in a batch, four of a class
  --budget 60MB                                 a budget that each step is also taken within, in the first round
  --rounds 3                                    processes of each kind, whose medians count
  --steps 3                                     steps that each process times, at least
  --backend tensorflow                          our engine; the best that starts if left out
  --out bench/results                           folder of memory.jsonl
  --peers                                       compares with pytorch-metric-learning, which must be installed`;

const names = ["losses", "entries", "size", "batch", "budget", "rounds", "steps", "backend", "out"] as const;

/** Runs the bench; returns the exit status: 1 if a process failed or a budget was not kept. */
function benchMemory(args: readonly string[]): number {
  const peers = args.includes("--peers");
  const given = readOptions(args.filter((arg) => arg !== "--peers"), names);
  const losses = given.losses === undefined ? memoryLossNames : pickAll("losses", given.losses, memoryLossNames);
  const kinds = given.entries === undefined ? entryKinds : pickAll("entries", given.entries, entryKinds);
  const sizes = {
    size: count("size", given.size ?? "50000", 1),
    batch: count("batch", given.batch ?? "64", PER_CLASS),
    steps: count("steps", given.steps ?? "3", 1),
    convention: "sum" as const,
  };
  const rounds = count("rounds", given.rounds ?? "3", 1);
  const budget = bytesOf(given.budget ?? "60MB");
  const backend = given.backend === undefined ? undefined : pick("backend", given.backend, engineNames);
  const file = resultFile(given.out ?? "bench/results", "memory.jsonl");
  const python = peers ? findPython({ needed: "pytorch-metric-learning" }) : undefined;
  if (python && "failure" in python) {
    console.error(`error: Cannot compare with pytorch-metric-learning: ${python.failure}`);
    return 1;
  }

  const specs = losses.flatMap((loss) => kinds.map((entries) => ({ loss, entries, ...sizes })));
  const runs: MemoryRun[] = [];
  const faults = new Set<string>();
  const options = { specs, rounds, budget, ...(python ? { python } : {}), ...(backend ? { backend } : {}) };
  for (const run of memoryRounds(options)) {
    if ("reason" in run) {
      faults.add(run.reason);
      continue;
    }
    runs.push(run);
    writeWhole(file, runs.map((run) => `${JSON.stringify(run)}\n`).join(""));
    const what = `${run.side}, ${describeMemory(run)}`;
    console.error(`round ${run.round}/${rounds}: ${what}: ${run.plainMs.toFixed(1)} ms, ${run.ms.toFixed(1)} ms`);
  }

  const rows = memoryRows(runs, sizes.convention);
  const claims: Claim[] = [...checkRatios(rows), ...checkMemoryBudgets(rows)];
  console.log(formatMemory(rows));
  if (peers) {
    const compared = comparePeers(runs);
    console.log(`\n${formatPeers(compared)}`);
    claims.push(...checkPeers(compared));
  }
  for (const line of describePeers(runs)) console.log(line);
  for (const { claim, holds } of claims) console.log(`${holds ? "Held" : "Missed"}: ${claim}`);
  for (const reason of faults) console.log(`Failed: ${reason}`);
  console.log(`Written: ${file}`);
  return faults.size > 0 || claims.some(({ holds, required }) => required && !holds) ? 1 : 0;
}

if (import.meta.main) {
  if (Deno.args.some((arg) => arg === "--help" || arg === "-h")) {
    console.log(HELP);
  } else {
    try {
      Deno.exitCode = benchMemory(Deno.args);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      console.error(`error: ${error.message}`);
      Deno.exitCode = 2;
    }
  }
}
