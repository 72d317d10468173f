/**
 * Times steps over the same batch in turns, in a process of its own, so that what slows the machine down meets all of
 * them alike; prints one line of JSON:
 * `deno run --allow-read --allow-env --allow-ffi bench/turns.ts --encoder mlp --batch 256 --chunks 64 --budgets 20000000`.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type BackendName, key, leaves, useBackend } from "../core/mod.ts";
import { UsageError } from "../recipes/runner/usage_error.ts";
import { benchCase, benchStep, type EncoderName, encoderNames, type StepSpec } from "./cases.ts";
import { median } from "./median.ts";
import { count, counts, engineNames, need, pick, readOptions } from "./options.ts";
import { warmUps } from "./point.ts";

/** Which steps to time beside the full batch, and how often. */
export interface TurnsSpec {
  readonly encoder: EncoderName;
  readonly batch: number;
  /** Chunks of cached steps. */
  readonly chunks: readonly number[];
  /** Bytes that planned steps may take. */
  readonly budgets: readonly number[];
  readonly rounds: number;
}

/** The median time of a step. */
export interface Turn extends StepSpec {
  readonly ms: number;
}

/** Rounds go on so long, for steps that are short. */
const LEAST_MS = 3_000;
const MOST_ROUNDS = 15;
/** No round begins that would end later than this; the first is always whole. */
const MOST_MS = 60_000;

/** Times the full batch and the other steps, one after the other in each round. */
export async function timeTurns(spec: TurnsSpec, backend?: BackendName): Promise<Turn[]> {
  await useBackend({ quiet: true, ...(backend ? { backend } : {}) });
  const { encoder, batch, chunks, budgets, rounds } = spec;
  const made = benchCase(encoder);
  const inputs = made.inputs(batch);
  const specs: StepSpec[] = [
    { encoder, batch, method: "full" },
    ...chunks.map((chunk) => ({ encoder, batch, method: "cached", chunk }) as const),
    ...budgets.map((memory) => ({ encoder, batch, method: "planned", memory }) as const),
  ];
  const steps = specs.map((spec) => benchStep(made, spec));
  const take = async (step: (typeof steps)[number]) => {
    const start = performance.now();
    const { loss, gradients } = step(inputs, key(1));
    await loss.data();
    tf.dispose([loss, gradients]);
    return performance.now() - start;
  };
  for (const [i, spec] of specs.entries()) {
    for (let warm = 0; warm < warmUps(spec); warm++) await take(steps[i]!);
  }

  const times: number[][] = specs.map(() => []);
  const start = performance.now();
  for (let round = 1;; round++) {
    for (const [i, step] of steps.entries()) times[i]!.push(await take(step));
    const passed = performance.now() - start;
    if (passed * (1 + 1 / round) > MOST_MS || round >= MOST_ROUNDS || (round >= rounds && passed > LEAST_MS)) break;
  }
  tf.dispose(leaves(inputs));
  made.dispose();
  return specs.map((spec, i) => ({ ...spec, ms: median(times[i]!) }));
}

if (import.meta.main) {
  try {
    const given = readOptions(Deno.args, ["encoder", "batch", "chunks", "budgets", "rounds", "backend"]);
    const spec: TurnsSpec = {
      encoder: pick("encoder", need(given, "encoder"), encoderNames),
      batch: count("batch", need(given, "batch"), 2),
      chunks: given.chunks === undefined ? [] : counts("chunks", given.chunks, 1),
      budgets: given.budgets === undefined ? [] : counts("budgets", given.budgets, 1),
      rounds: count("rounds", given.rounds ?? "3", 1),
    };
    const backend = given.backend === undefined ? undefined : pick("backend", given.backend, engineNames);
    console.log(JSON.stringify(await timeTurns(spec, backend)));
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : error}`);
    Deno.exit(error instanceof UsageError ? 2 : 1);
  }
}
