/**
 * Measures one loss with its gradient in a process of its own and prints it as one line of JSON:
 * `deno run --allow-read --allow-env --allow-ffi bench/loss_point.ts --loss infoNCE --rows 8192 --dim 64`.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type BackendName, key, measurePeak, type Tensor2D, useBackend } from "../core/mod.ts";
import { normal } from "../core/stream.ts";
import { UsageError } from "../recipes/runner/usage_error.ts";
import { type LossCase, lossCases, type LossName, lossNames } from "./loss_cases.ts";
import { count, engineNames, pick, readOptions } from "./options.ts";
import { watchResident } from "./resident.ts";

/** What to measure. */
export interface LossSpec {
  readonly loss: LossName;
  /** Representations in all. */
  readonly rows: number;
  readonly dim: number;
  /** Bytes that the matrices of a tile may take; the loss's own choice if left out. */
  readonly bytes?: number;
}

/** What a loss and its gradient take. */
export interface LossPoint extends LossSpec {
  readonly engine: BackendName;
  /** Peak of tensor bytes above the inputs and their gradients. */
  readonly peakBytes: number;
  /** Peak of resident memory above that of the process with its engine, before the inputs. */
  readonly rssAboveEngine: number;
  /** Time of the loss with its gradient: the median of three, or the one if it takes more than two seconds. */
  readonly seconds: number;
  /** 2 × anchors × references × dim operations for the similarities, and twice that for their gradient, a second. */
  readonly gflops: number;
}

/** Measures a point; only in a fresh process does the resident memory mean anything. */
async function measureLoss(spec: LossSpec, backend?: BackendName): Promise<LossPoint> {
  const engine = await useBackend({ quiet: true, ...(backend ? { backend } : {}) });
  const { make, matrices, paired }: LossCase = lossCases[spec.loss];
  const loss = make(spec.bytes === undefined ? {} : { bytes: spec.bytes });
  const take = async (rows: number) => {
    const each = paired ? rows : rows / matrices;
    const inputs = Array.from({ length: matrices }, (_, i) => randomRows(i, each, spec.dim));
    const targets = tf.tensor1d(Int32Array.from({ length: each }, (_, i) => Math.floor(i / 4)), "int32");
    const run = async () => {
      // The stock differentiation, as any user's own loop would have it.
      const { value, grads } = tf.valueAndGrads((...xs) =>
        loss(xs as Tensor2D[], { training: true, key: key(0), targets })
      )(inputs);
      await Promise.all([value, ...grads].map((x) => x.data()));
      tf.dispose([value, ...grads]);
    };
    const start = performance.now();
    const { peakBytes } = await measurePeak(run);
    const times = [performance.now() - start];
    while (times.length < 3 && times[0]! < 2_000) {
      const again = performance.now();
      await run();
      times.push(performance.now() - again);
    }
    tf.dispose([...inputs, targets]);
    return {
      peakBytes: peakBytes - 4 * inputs.length * each * spec.dim,
      seconds: times.sort((a, b) => a - b)[Math.floor(times.length / 2)]! / 1e3,
    };
  };
  // Threads, compiled kernels and the like belong to the engine.
  await take(64);
  const resident = await watchResident();
  const base = resident.restart();
  const { peakBytes, seconds } = await take(spec.rows);
  const rssAboveEngine = resident.peak() - base;
  resident.stop();
  return { ...spec, engine, peakBytes, rssAboveEngine, seconds, gflops: 6 * spec.rows ** 2 * spec.dim / seconds / 1e9 };
}

function randomRows(seed: number, rows: number, dim: number): Tensor2D {
  return tf.tensor2d(normal(key(seed), [0], rows * dim), [rows, dim]);
}

if (import.meta.main) {
  try {
    const given = readOptions(Deno.args, ["loss", "rows", "dim", "bytes", "backend"]);
    const spec: LossSpec = {
      loss: pick("loss", given.loss ?? "", lossNames),
      rows: count("rows", given.rows ?? "", 4),
      dim: count("dim", given.dim ?? "", 1),
      ...(given.bytes === undefined ? {} : { bytes: count("bytes", given.bytes, 1) }),
    };
    const backend = given.backend === undefined ? undefined : pick("backend", given.backend, engineNames);
    console.log(JSON.stringify(await measureLoss(spec, backend)));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`error: ${error.message}`);
    Deno.exitCode = 2;
  }
}
