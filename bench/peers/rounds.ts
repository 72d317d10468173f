/**
 * Lets both sides take their steps in turns, each in a fresh process.
 *
 * @module
 */
import type { EncoderName, StepSpec } from "../cases.ts";
import { isPoint } from "../point.ts";
import { describe, measureApart } from "../points.ts";
import { type Python, runPython } from "./python.ts";
import type { Run, Side } from "./rows.ts";

/** What is compared, and how. */
export interface RoundsOptions {
  readonly encoder: EncoderName;
  readonly batch: number;
  readonly chunk: number;
  readonly rounds: number;
  /** Steps that each process times, at least. */
  readonly steps: number;
  readonly python: Python;
  readonly backend?: string;
}

/** A process that gave no point. */
export interface Fault {
  readonly reason: string;
  /** Whether that is a fault; a budget below what a step needs is none. */
  readonly failed: boolean;
}

/** Runs all rounds of an encoder. */
export function* takeRounds(options: RoundsOptions): Generator<Run | Fault> {
  const { encoder, batch, chunk, rounds } = options;
  const whole = { encoder, batch, method: "full" } as const;
  const cached = { encoder, batch, method: "cached", chunk } as const;
  // One for all rounds: what their chunks took in the first.
  let budget: number | undefined;
  for (let round = 1; round <= rounds; round++) {
    yield ours(whole, round, options);
    yield theirs("PyTorch", whole, round, options);
    yield ours(cached, round, options);
    const peer = theirs("PyTorch", cached, round, options);
    yield peer;
    if (!("failed" in peer)) budget ??= Math.max(1, peer.rssAboveBase);
    if (budget !== undefined) yield ours({ encoder, batch, method: "planned", memory: budget }, round, options);
    const third = encoder === "transformer" && options.python.modules.includes("sentence_transformers");
    if (third) yield theirs("sentence-transformers", cached, round, options);
  }
}

function ours(spec: StepSpec, round: number, { steps, backend }: RoundsOptions): Run | Fault {
  const point = measureApart(spec, { steps, backend });
  if (isPoint(point)) return { round, side: "gradfold", ...point };
  return { reason: `gradfold, ${describe(point)}: ${point.missing}`, failed: point.failed };
}

const FILES = { PyTorch: "./gradient_caching.py", "sentence-transformers": "./sentence_transformers_caching.py" };

function theirs(
  side: Exclude<Side, "gradfold">,
  spec: StepSpec,
  round: number,
  { steps, python }: RoundsOptions,
): Run | Fault {
  const { encoder, method, batch, chunk } = spec;
  const point = runPython(python, FILES[side], { encoder, method, batch, chunk, steps });
  if (!("failure" in point)) return { round, side, ...point };
  return { reason: `${side}, ${describe(spec)}: ${point.failure}`, failed: true };
}
