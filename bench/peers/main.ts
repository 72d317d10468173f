/**
 * Our steps beside PyTorch's on the same shapes: `deno task bench:peers`. Each measurement is a fresh process, and the
 * sides take turns.
 *
 * Both sides have the same encoders with as many parameters, random examples of the same shapes, InfoNCE over unit rows,
 * one warm-up over two examples before memory is looked at, and each library's own number of threads. What differs: the
 * random numbers; a planned step of ours may encode several chunks at once where it needs no tape; ours also checks that
 * representations and loss are finite, and evaluates the loss in tiles once it is large; images have their channels last
 * on our side, and in PyTorch channels first in the input and last inside.
 *
 * @module
 */
import { UsageError } from "../../recipes/runner/usage_error.ts";
import { writeWhole } from "../../recipes/runner/write_whole.ts";
import { type EncoderName, encoderNames } from "../cases.ts";
import { count, engineNames, pick, pickAll, readOptions } from "../options.ts";
import { describe, resultFile } from "../points.ts";
import { findPython } from "./python.ts";
import { takeRounds } from "./rounds.ts";
import { checkParameters, compare, describeSides, formatRows, type Run } from "./rows.ts";

const HELP = `Compares our steps with PyTorch's on the same shapes, each in a fresh process, in turns

  --encoder transformer,convolutional,mlp  what encodes
  --rounds 5                               processes of each kind, whose medians count
  --batch 512                              examples of each input; 512, 512 and 4096 if left out
  --chunk 64                               examples in a chunk
  --steps 3                                steps that each process times, at least
  --backend tensorflow                     our engine; the best that starts if left out
  --out bench/results                      folder of peers.jsonl

Needs Python with PyTorch (pip install torch), on Linux. Where sentence-transformers is installed, it is compared, too.`;

/** Examples of each input if nothing is said: as many as PyTorch takes a few seconds for. */
const BATCHES: Readonly<Record<EncoderName, number>> = { transformer: 512, convolutional: 512, mlp: 4096 };

/** Runs the comparison; returns the exit status: 1 if a side cannot be run or encoders differ. */
function benchPeers(args: readonly string[]): number {
  const given = readOptions(args, ["encoder", "rounds", "batch", "chunk", "steps", "backend", "out"]);
  const encoders = given.encoder === undefined ? encoderNames : pickAll("encoder", given.encoder, encoderNames);
  const rounds = count("rounds", given.rounds ?? "5", 1);
  const batch = given.batch === undefined ? undefined : count("batch", given.batch, 2);
  const chunk = count("chunk", given.chunk ?? "64", 1);
  const steps = count("steps", given.steps ?? "3", 1);
  const backend = given.backend === undefined ? undefined : pick("backend", given.backend, engineNames);
  const file = resultFile(given.out ?? "bench/results", "peers.jsonl");
  const python = findPython();
  if ("failure" in python) {
    console.error(`error: Cannot compare with PyTorch: ${python.failure}`);
    return 1;
  }
  const runs: Run[] = [];
  const faults = new Map<string, boolean>();
  for (const encoder of encoders) {
    const shape = { encoder, batch: batch ?? BATCHES[encoder], chunk };
    for (const run of takeRounds({ ...shape, rounds, steps, python, ...(backend ? { backend } : {}) })) {
      if ("failed" in run) {
        faults.set(run.reason, run.failed);
        continue;
      }
      runs.push(run);
      writeWhole(file, runs.map((run) => `${JSON.stringify(run)}\n`).join(""));
      console.error(`round ${run.round}/${rounds}: ${run.side}, ${describe(run)}: ${run.ms.toFixed(1)} ms`);
    }
  }

  const claims = checkParameters(runs);
  console.log(formatRows(compare(runs)));
  for (const line of describeSides(runs)) console.log(line);
  for (const { claim, holds } of claims) console.log(`${holds ? "Held" : "Missed"}: ${claim}`);
  for (const [reason, failed] of faults) console.log(`${failed ? "Failed" : "Left out"}: ${reason}`);
  console.log(`Written: ${file}`);
  return [...faults.values()].includes(true) || claims.some(({ holds }) => !holds) ? 1 : 0;
}

if (import.meta.main) {
  if (Deno.args.some((arg) => arg === "--help" || arg === "-h")) {
    console.log(HELP);
  } else {
    try {
      Deno.exitCode = benchPeers(Deno.args);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      console.error(`error: ${error.message}`);
      Deno.exitCode = 2;
    }
  }
}
