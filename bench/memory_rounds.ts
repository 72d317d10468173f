/**
 * Takes steps with a memory in rounds, each measurement in a fresh process.
 *
 * @module
 */
import { runApart } from "./apart.ts";
import type { MemoryRun } from "./memory_rows.ts";
import { describeMemory, type MemorySpec } from "./memory_spec.ts";
import { comparable, measurePeerMemory } from "./peers/memory.ts";
import type { Python } from "./peers/python.ts";

/** What is measured, and how often. */
export interface MemoryRoundsOptions {
  readonly specs: readonly MemorySpec[];
  readonly rounds: number;
  /** A budget that each step is also taken within, in the first round: bytes are the same in all. */
  readonly budget: number;
  /** Where it is compared with pytorch-metric-learning. */
  readonly python?: Python;
  readonly backend?: string;
}

/** A process that gave no point. */
export interface MemoryFault {
  readonly reason: string;
}

/** Runs all rounds; the sides take turns. */
export function* memoryRounds(options: MemoryRoundsOptions): Generator<MemoryRun | MemoryFault> {
  const { specs, rounds, budget, python } = options;
  for (let round = 1; round <= rounds; round++) {
    for (const spec of specs) {
      yield ours(spec, round, options);
      if (round === 1) yield ours({ ...spec, budget }, round, options);
      if (!python) continue;
      yield ours(comparable(spec), round, options);
      const point = measurePeerMemory(python, comparable(spec));
      const what = describeMemory(comparable(spec));
      yield "failure" in point
        ? { reason: `PyTorch, ${what}: ${point.failure}` }
        : { round, side: "PyTorch", ...point };
    }
  }
}

function ours(spec: MemorySpec, round: number, { backend }: MemoryRoundsOptions): MemoryRun | MemoryFault {
  const { budget, ...asked } = spec;
  const found = runApart("./memory_point.ts", { ...asked, budget: budget && `${budget}B`, backend });
  if ("failure" in found) return { reason: `gradfold, ${describeMemory(spec)}: ${found.failure}` };
  return { round, side: "gradfold", ...JSON.parse(found.output) };
}
