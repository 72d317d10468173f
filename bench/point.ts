/**
 * Measures one point in a process of its own and prints it as one line of JSON:
 * `deno run --allow-read --allow-env --allow-ffi bench/point.ts --encoder transformer --method cached --batch 256 --chunk 32`.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type BackendName, key, leaves, measurePeak, useBackend } from "../core/mod.ts";
import { UsageError } from "../recipes/runner/usage_error.ts";
import { benchCase, type EncoderName, encoderNames, type MethodName, methodNames, methods } from "./cases.ts";
import { count, engineNames, pick, readOptions } from "./options.ts";
import { watchResident } from "./resident.ts";

/** Which step to measure. */
export interface PointSpec {
  readonly encoder: EncoderName;
  readonly method: MethodName;
  /** Examples of each input. */
  readonly batch: number;
  /** Examples in a chunk; `full` takes no notice of it. */
  readonly chunk: number;
}

/** What one step takes. */
export interface Point extends PointSpec {
  readonly engine: BackendName;
  /** Peak of tensor bytes above parameters and batch. */
  readonly peakBytes: number;
  /** Peak of resident memory above that of the process with engine, parameters and batch. */
  readonly rssAboveBase: number;
  /** Median time of a step, divided by its examples. */
  readonly msPerExample: number;
}

/** At least so much time is spent on steps, unless one takes longer. */
const TIMED_MS = 1000;
const MOST_STEPS = 5;

/** Measures a point; only in a fresh process does the resident memory mean anything. */
export async function measurePoint(spec: PointSpec, backend?: BackendName): Promise<Point> {
  const engine = await useBackend({ quiet: true, ...(backend ? { backend } : {}) });
  const { encoders, loss, inputs, dispose } = benchCase(spec.encoder);
  const step = methods[spec.method]({ encoders, loss, chunkSize: spec.chunk });
  const take = async (batch: ReturnType<typeof inputs>) => {
    const { loss, gradients } = step(batch, key(1));
    await loss.data();
    tf.dispose([loss, gradients]);
  };
  // Threads, compiled kernels and the like belong to the base.
  const few = inputs(2);
  await take(few);
  tf.dispose(leaves(few));

  const batch = inputs(spec.batch);
  const resident = await watchResident();
  const base = resident.restart();
  const times: number[] = [];
  const time = async (run: () => Promise<unknown>) => {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  };
  let peakBytes = 0;
  await time(async () => ({ peakBytes } = await measurePeak(() => take(batch))));
  const rssAboveBase = resident.peak() - base;
  resident.stop();
  while (times.length < MOST_STEPS && times.reduce((sum, ms) => sum + ms, 0) < TIMED_MS) await time(() => take(batch));
  tf.dispose(leaves(batch));
  dispose();
  const median = times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
  return { ...spec, engine, peakBytes, rssAboveBase, msPerExample: median / spec.batch };
}

function parsePoint(args: readonly string[]): { spec: PointSpec; backend?: BackendName } {
  const names = ["encoder", "method", "batch", "chunk", "backend"] as const;
  const given = readOptions(args, names);
  const need = (name: (typeof names)[number]): string => {
    const value = given[name];
    if (value === undefined) throw new UsageError(`Option --${name} is missing`);
    return value;
  };
  return {
    spec: {
      encoder: pick("encoder", need("encoder"), encoderNames),
      method: pick("method", need("method"), methodNames),
      batch: count("batch", need("batch"), 2),
      chunk: count("chunk", need("chunk"), 1),
    },
    ...(given.backend === undefined ? {} : { backend: pick("backend", given.backend, engineNames) }),
  };
}

if (import.meta.main) {
  try {
    const { spec, backend } = parsePoint(Deno.args);
    console.log(JSON.stringify(await measurePoint(spec, backend)));
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : error}`);
    Deno.exit(error instanceof UsageError ? 2 : 1);
  }
}
