/**
 * Memory of a step against the size of its batch.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { fold, key, measurePeak } from "../../core/mod.ts";
import type { VegaLiteSpec } from "../runner/figures.ts";
import { lineChart } from "../runner/line_chart.ts";
import { isUnplannable } from "../runner/plan_error.ts";
import type { RecipeContext } from "../runner/recipe.ts";
import type { Config } from "./config.ts";
import { cutText, methodsOf } from "./methods.ts";
import { buildModel } from "./model.ts";
import type { Task } from "./task.ts";
import { readBatch } from "./train.ts";

/** The peak of one step. */
export interface MemoryPoint {
  readonly method: "cached" | "full";
  readonly batch: number;
  /** Peak of the tensors above the parameters and the batch itself. */
  readonly peakBytes: number;
}

/** Measures single steps of gradient caching and of the whole batch. Batches that a budget is too small for are left out. */
export async function memoryOfBatches(
  { config, seed, progress, log }: RecipeContext<Config>,
  task: Task,
): Promise<MemoryPoint[]> {
  const model = buildModel(config, task.train.queries.vocabularySize, fold(key(seed), "model"));
  const methods = methodsOf(config);
  const points: MemoryPoint[] = [];
  try {
    for await (const i of progress.steps("memory", config.memoryBatches.length, { unit: "batch size" })) {
      const batch = Math.min(config.memoryBatches[i]!, task.train.queries.examples);
      const inputs = readBatch(task.train, Int32Array.from({ length: batch }, (_, row) => row));
      for (const method of ["cached", "full"] as const) {
        const step = methods[method].step(model);
        const take = () => {
          const { loss, gradients } = step(inputs, key(seed));
          tf.dispose([loss, gradients]);
        };
        try {
          // The first step with a budget measures the encoders, and keeps nothing.
          if (method === "cached" && config.memory !== null) take();
          const { peakBytes } = await measurePeak(take);
          points.push({ method, batch, peakBytes });
        } catch (error) {
          if (!isUnplannable(error)) throw error;
          log(`Batch ${batch}: ${error.message}`);
        }
      }
      tf.dispose(inputs);
    }
  } finally {
    model.dispose();
  }
  return points;
}

/** Memory against batch size, both axes doubling. */
export function memoryFigure(points: readonly MemoryPoint[], config: Config): VegaLiteSpec {
  const line = (name: string, method: MemoryPoint["method"]) => ({
    name,
    points: points.filter((point) => point.method === method).map(({ batch, peakBytes }) => ({
      x: batch,
      y: peakBytes / 1e6,
    })),
  });
  return lineChart({
    title: "Memory of a step",
    x: "batch size",
    y: "peak tensors, MB",
    xScale: "log2",
    yScale: "log",
    series: [line("whole batch", "full"), line(`gradient caching, ${cutText(config)}`, "cached")],
  });
}
