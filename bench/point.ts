/**
 * Measures one step in a process of its own and prints it as one line of JSON:
 * `deno run --allow-read --allow-env --allow-ffi bench/point.ts --encoder transformer --method cached --batch 256 --chunk 32`.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type BackendName, describePlan, key, leaves, measurePeak, useBackend } from "../core/mod.ts";
import { UsageError } from "../recipes/runner/usage_error.ts";
import { benchCase, benchStep, encoderNames, methodNames, type StepSpec } from "./cases.ts";
import { median } from "./median.ts";
import { count, engineNames, need, pick, readOptions } from "./options.ts";
import { watchResident } from "./resident.ts";

/** What one step takes. */
export interface Point extends StepSpec {
  readonly engine: BackendName;
  /** Numbers in the parameters of the encoder. */
  readonly parameters: number;
  /** Peak of tensor bytes above parameters and batch. */
  readonly peakBytes: number;
  /** That of the first of several steps that warm up, as of a planned one, which measures; `peakBytes` is the largest. */
  readonly firstPeakBytes?: number;
  /** Peak of resident memory above that of the process with engine, parameters and batch. */
  readonly rssAboveBase: number;
  /** Median time of a step. */
  readonly ms: number;
  /** That time relative to the full batch's, where both were timed in turns. */
  readonly ratio?: number;
  /** What a planned step says of its plan. */
  readonly plan?: string;
}

/** A point that was not measured. */
export interface Missing extends StepSpec {
  readonly missing: string;
  /** Whether that is a fault. */
  readonly failed: boolean;
}

/** Whether a point was measured. */
export function isPoint(point: Point | Missing): point is Point {
  return !("missing" in point);
}

/** How a point is measured. */
export interface PointOptions {
  readonly backend?: BackendName;
  /** Steps that are timed at least, behind those that show the memory; 0 takes the time of the last of those. */
  readonly steps?: number;
}

/** Timing goes on so long, for steps that are short. */
const TIMED_MS = 1000;
const MOST_STEPS = 9;

/** How many steps there are before those that are like all later ones: a planned step measures in its first. */
export function warmUps({ method }: Pick<StepSpec, "method">): number {
  return method === "planned" ? 2 : 1;
}

/** Measures a point; only in a fresh process does the resident memory mean anything. */
export async function measurePoint(spec: StepSpec, { backend, steps = 3 }: PointOptions = {}): Promise<Point> {
  const engine = await useBackend({ quiet: true, ...(backend ? { backend } : {}) });
  const made = benchCase(spec.encoder);
  let plan: string | undefined;
  const take = async (step: ReturnType<typeof benchStep>, batch: ReturnType<typeof made.inputs>) => {
    const start = performance.now();
    const result = step(batch, key(1));
    await result.loss.data();
    const ms = performance.now() - start;
    plan = result.memory && describePlan(result.memory);
    tf.dispose([result.loss, result.gradients]);
    return ms;
  };
  // Threads, compiled kernels and the like belong to the base.
  const few = made.inputs(2);
  await take(benchStep(made, spec.method === "planned" ? { ...spec, method: "cached" } : spec), few);
  tf.dispose(leaves(few));

  const step = benchStep(made, spec);
  const batch = made.inputs(spec.batch);
  const resident = await watchResident();
  const base = resident.restart();
  const peaks: number[] = [];
  let [rssAboveBase, last] = [0, 0];
  try {
    for (let i = 0; i < warmUps(spec); i++) {
      const { result, peakBytes } = await measurePeak(() => take(step, batch));
      peaks.push(peakBytes);
      last = result;
    }
    rssAboveBase = resident.peak() - base;
  } finally {
    // The process does not end before its threads.
    resident.stop();
  }

  const times: number[] = [];
  const goOn = () => times.length < MOST_STEPS && times.reduce((sum, ms) => sum + ms, 0) < TIMED_MS;
  while (times.length < steps || (steps > 0 && goOn())) times.push(await take(step, batch));
  const parameters = Object.values(made.encoders[0].params).reduce((sum, { size }) => sum + size, 0);
  tf.dispose(leaves(batch));
  made.dispose();
  return {
    ...spec,
    engine,
    parameters,
    peakBytes: Math.max(...peaks),
    ...(peaks.length > 1 ? { firstPeakBytes: peaks[0]! } : {}),
    rssAboveBase,
    ms: median(times.length > 0 ? times : [last]),
    ...(plan === undefined ? {} : { plan }),
  };
}

function parsePoint(args: readonly string[]): { spec: StepSpec; options: PointOptions } {
  const given = readOptions(args, ["encoder", "method", "batch", "chunk", "memory", "steps", "backend"]);
  const method = pick("method", need(given, "method"), methodNames);
  return {
    spec: {
      encoder: pick("encoder", need(given, "encoder"), encoderNames),
      method,
      batch: count("batch", need(given, "batch"), 2),
      ...(method === "accumulate" || method === "cached" ? { chunk: count("chunk", need(given, "chunk"), 1) } : {}),
      ...(method === "planned" ? { memory: count("memory", need(given, "memory"), 1) } : {}),
    },
    options: {
      ...(given.steps === undefined ? {} : { steps: count("steps", given.steps, 0) }),
      ...(given.backend === undefined ? {} : { backend: pick("backend", given.backend, engineNames) }),
    },
  };
}

/** Measures what the command line asks for; a budget below what a step needs is said in place of its point. */
async function run(args: readonly string[]): Promise<Point | Missing> {
  const { spec, options } = parsePoint(args);
  try {
    return await measurePoint(spec, options);
  } catch (error) {
    if (!(spec.method === "planned" && error instanceof RangeError)) throw error;
    return { ...spec, missing: error.message, failed: false };
  }
}

if (import.meta.main) {
  try {
    console.log(JSON.stringify(await run(Deno.args)));
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : error}`);
    Deno.exit(error instanceof UsageError ? 2 : 1);
  }
}
