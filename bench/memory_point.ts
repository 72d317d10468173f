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
  type Step,
  type Tensor4D,
  tiled,
  uniform,
  useBackend,
} from "../core/mod.ts";
import { normal } from "../core/stream.ts";
import { disposeParams, residual } from "../encoders/mod.ts";
import { UsageError } from "../recipes/runner/usage_error.ts";
import { type CrossBatchMemory, crossBatchMemory } from "../samplers/mod.ts";
import { DIM } from "./cases.ts";
import { median } from "./median.ts";
import { memoryLosses, type MemorySpec, parseMemorySpec, PER_CLASS } from "./memory_spec.ts";
import { watchResident } from "./resident.ts";

/** What a step takes, without a memory and with one. */
export interface MemoryPoint extends MemorySpec {
  readonly engine: BackendName;
  readonly parameters: number;
  /** Median times. */
  readonly plainMs: number;
  readonly ms: number;
  /** Peaks of tensor bytes above parameters, batch and memory. */
  readonly plainPeakBytes: number;
  readonly peakBytes: number;
  /** Peaks of resident memory above that of the process with engine, parameters, batch and memory. */
  readonly plainRssAboveBase: number;
  readonly rssAboveBase: number;
}

const SIDE = 32;
const CLASSES = 500;
/** Timing goes on so long, for steps that are short. */
const TIMED_MS = 2000;
const MOST_STEPS = 40;
/** Steps before those that are like all later ones. */
const WARM_UPS = 3;

/** Measures a point; only in a fresh process does the resident memory mean anything. */
export async function measureMemory(spec: MemorySpec, backend?: BackendName): Promise<MemoryPoint> {
  const engine = await useBackend({ quiet: true, ...(backend ? { backend } : {}) });
  const encoder = residual({ height: SIDE, width: SIDE, channels: 3, dim: DIM, key: key(1) });
  const { loss, batch, budget, convention } = spec;
  const examples = (count: number) => ({
    images: tf.tensor4d(uniform(key(2), [0], count * SIDE * SIDE * 3), [count, SIDE, SIDE, 3]),
    targets: tf.tensor1d(Int32Array.from({ length: count }, (_, i) => Math.floor(i / PER_CLASS)), "int32"),
  });
  const step = (memory?: CrossBatchMemory): Step => {
    const options = { encoders: [encoder], loss: tiled(memoryLosses[loss](), memory ? { memory } : {}) };
    return budget === undefined ? fullStep(options) : cachedStep({ ...options, memory: budget });
  };
  const take = async (step: Step, { images, targets }: ReturnType<typeof examples>, i: number) => {
    const start = performance.now();
    const { loss, gradients } = step([images], fold(key(3), "step", i), targets);
    await loss.data();
    tf.dispose([loss, gradients]);
    return performance.now() - start;
  };
  // Threads, compiled kernels and the like belong to the base.
  const few = examples(PER_CLASS);
  await take(fullStep({ encoders: [encoder], loss: memoryLosses[loss]() }), few, 0);
  tf.dispose({ ...few });

  const all = examples(batch);
  const memory = crossBatchMemory({ size: spec.size, convention });
  memory.restore(stateOf(spec, centreOf(spec, encoder, all.images)));
  const steps = [step(), step(memory)] as const;
  const resident = await watchResident();
  const base = resident.restart();
  const peaks: { readonly bytes: number; readonly rss: number }[] = [];
  try {
    for (const step of steps) {
      let bytes = 0;
      for (let i = 0; i < WARM_UPS; i++) {
        bytes = Math.max(bytes, (await measurePeak(() => take(step, all, i))).peakBytes);
      }
      peaks.push({ bytes, rss: resident.peak() - base });
    }
  } finally {
    // The process does not end before its threads.
    resident.stop();
  }

  const times: [number[], number[]] = [[], []];
  const start = performance.now();
  for (let i = 0; i < spec.steps || (i < MOST_STEPS && performance.now() - start < TIMED_MS); i++) {
    for (const [j, step] of steps.entries()) times[j]!.push(await take(step, all, i));
  }
  const parameters = Object.values(encoder.params).reduce((sum, { size }) => sum + size, 0);
  tf.dispose({ ...all });
  memory.dispose();
  disposeParams(encoder.params);
  return {
    ...spec,
    engine,
    parameters,
    plainMs: median(times[0]),
    ms: median(times[1]),
    plainPeakBytes: peaks[0]!.bytes,
    peakBytes: peaks[1]!.bytes,
    plainRssAboveBase: peaks[0]!.rss,
    rssAboveBase: peaks[1]!.rss,
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

if (import.meta.main) {
  try {
    const { spec, backend } = parseMemorySpec(Deno.args);
    console.log(JSON.stringify(await measureMemory(spec, backend)));
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : error}`);
    Deno.exit(error instanceof UsageError ? 2 : 1);
  }
}
