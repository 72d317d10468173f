/**
 * Times a step of the residual encoder over labelled images without a memory and with a full one, in turns in a process of
 * its own, so that what slows the machine down meets both alike; prints one line of JSON:
 * `deno run --allow-read --allow-env --allow-ffi bench/memory_point.ts --loss contrastive --entries far --size 50000`.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import {
  type BackendName,
  cachedStep,
  fold,
  fullStep,
  key,
  measurePeak,
  parseBytes,
  type RowLoss,
  type Step,
  type Tensor4D,
  tiled,
  uniform,
  useBackend,
} from "../core/mod.ts";
import { normal } from "../core/stream.ts";
import { disposeParams, residual } from "../encoders/mod.ts";
import { contrastive, multiSimilarity, triplet } from "../losses/mod.ts";
import { UsageError } from "../recipes/runner/usage_error.ts";
import { type CrossBatchMemory, crossBatchMemory } from "../samplers/mod.ts";
import { DIM } from "./cases.ts";
import { median } from "./median.ts";
import { count, engineNames, pick, readOptions } from "./options.ts";

/** The losses by name. */
export const memoryLosses = {
  contrastive: () => contrastive(),
  multiSimilarity: () => multiSimilarity(),
  triplet: () => triplet(),
} as const satisfies Readonly<Record<string, () => RowLoss>>;
/** The name of a loss. */
export type MemoryLoss = keyof typeof memoryLosses;
export const memoryLossNames = Object.keys(memoryLosses) as MemoryLoss[];

/** Where entries lie: around zero, or where what the encoder gives lies. */
export const entryKinds = ["far", "near"] as const;

/** What to measure. */
export interface MemorySpec {
  readonly loss: MemoryLoss;
  /** Entries that lie `far` have hardly a negative within a margin, those that are `near` have all. */
  readonly entries: (typeof entryKinds)[number];
  /** How many entries the memory holds. */
  readonly size: number;
  /** Images in a batch, four of a class. */
  readonly batch: number;
  /** Times that each step is taken, at least. */
  readonly steps: number;
  /** The budget of both steps in bytes; they take the whole batch at once if left out. */
  readonly budget?: number;
}

/** What a step takes, without a memory and with one. */
export interface MemoryPoint extends MemorySpec {
  readonly engine: BackendName;
  readonly parameters: number;
  readonly plainMs: number;
  readonly ms: number;
  /** Least times. */
  readonly leastPlainMs: number;
  readonly leastMs: number;
  /** Peaks of tensor bytes above parameters, batch and memory. */
  readonly plainPeakBytes: number;
  readonly peakBytes: number;
}

const SIDE = 32;
const PER_CLASS = 4;
const CLASSES = 500;
/** Timing goes on so long, for steps that are short. */
const TIMED_MS = 4000;
const MOST_STEPS = 40;
/** Steps before those that are like all later ones. */
const WARM_UPS = 3;

/** Measures a point. */
export async function measureMemory(spec: MemorySpec, backend?: BackendName): Promise<MemoryPoint> {
  const engine = await useBackend({ quiet: true, ...(backend ? { backend } : {}) });
  const encoder = residual({ height: SIDE, width: SIDE, channels: 3, dim: DIM, key: key(1) });
  const { loss, batch, budget } = spec;
  const images = tf.tensor4d(uniform(key(2), [0], batch * SIDE * SIDE * 3), [batch, SIDE, SIDE, 3]);
  const targets = tf.tensor1d(Int32Array.from({ length: batch }, (_, i) => Math.floor(i / PER_CLASS)), "int32");
  const memory = crossBatchMemory({ size: spec.size });
  memory.restore(stateOf(spec, centreOf(spec, encoder, images)));
  const step = (memory?: CrossBatchMemory): Step => {
    const options = { encoders: [encoder], loss: tiled(memoryLosses[loss](), memory ? { memory } : {}) };
    return budget === undefined ? fullStep(options) : cachedStep({ ...options, memory: budget });
  };
  const steps = [step(), step(memory)] as const;
  const take = async (step: Step, i: number) => {
    const start = performance.now();
    const { loss, gradients } = step([images], fold(key(3), "step", i), targets);
    await loss.data();
    tf.dispose([loss, gradients]);
    return performance.now() - start;
  };
  const peaks: number[] = [];
  for (const step of steps) {
    let peak = 0;
    for (let i = 0; i < WARM_UPS; i++) peak = Math.max(peak, (await measurePeak(() => take(step, i))).peakBytes);
    peaks.push(peak);
  }
  const times: [number[], number[]] = [[], []];
  const start = performance.now();
  for (let i = 0; i < spec.steps || (i < MOST_STEPS && performance.now() - start < TIMED_MS); i++) {
    for (const [j, step] of steps.entries()) times[j]!.push(await take(step, i));
  }
  const parameters = Object.values(encoder.params).reduce((sum, { size }) => sum + size, 0);
  tf.dispose([images, targets]);
  memory.dispose();
  disposeParams(encoder.params);
  return {
    ...spec,
    engine,
    parameters,
    plainMs: median(times[0]),
    ms: median(times[1]),
    leastPlainMs: Math.min(...times[0]),
    leastMs: Math.min(...times[1]),
    plainPeakBytes: peaks[0]!,
    peakBytes: peaks[1]!,
  };
}

/** The mean of what the encoder gives, or zeros. */
function centreOf({ entries }: MemorySpec, encoder: ReturnType<typeof residual>, images: Tensor4D): Float32Array {
  if (entries === "far") return new Float32Array(DIM);
  return tf.tidy(() => {
    const rows = Int32Array.from({ length: images.shape[0] }, (_, i) => i);
    return tf.mean(encoder.encode(images, { training: false, key: key(0), rows }), 0).dataSync<"float32">().slice();
  });
}

function stateOf({ size }: MemorySpec, centre: Float32Array): Parameters<CrossBatchMemory["restore"]>[0] {
  const spread = centre.some((value) => value !== 0) ? 0.02 : 1 / Math.sqrt(DIM);
  const noise = normal(key(4), [0], size * DIM);
  const representations = Float32Array.from(noise, (value, i) => centre[i % DIM]! + spread * value);
  const labels = Int32Array.from(uniform(key(5), [0], size), (value) => Math.floor(value * CLASSES));
  const ids = new Int32Array(size).fill(-(2 ** 31));
  return { size, dim: DIM, representations, labels, ids, next: 0, full: true, evaluations: 0 };
}

function parsePoint(args: readonly string[]): { spec: MemorySpec; backend?: BackendName } {
  const given = readOptions(args, ["loss", "entries", "size", "batch", "steps", "budget", "backend"]);
  const budget = given.budget === undefined ? undefined : parseBytes(given.budget);
  if (given.budget !== undefined && budget === undefined) {
    throw new UsageError(`Cannot use --budget ${given.budget}: expected a size such as 100MB`);
  }
  return {
    spec: {
      loss: pick("loss", given.loss ?? "contrastive", memoryLossNames),
      entries: pick("entries", given.entries ?? "far", entryKinds),
      size: count("size", given.size ?? "50000", 1),
      batch: count("batch", given.batch ?? "64", PER_CLASS),
      steps: count("steps", given.steps ?? "5", 1),
      ...(budget === undefined ? {} : { budget }),
    },
    ...(given.backend === undefined ? {} : { backend: pick("backend", given.backend, engineNames) }),
  };
}

if (import.meta.main) {
  try {
    const { spec, backend } = parsePoint(Deno.args);
    console.log(JSON.stringify(await measureMemory(spec, backend)));
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : error}`);
    Deno.exit(error instanceof UsageError ? 2 : 1);
  }
}
