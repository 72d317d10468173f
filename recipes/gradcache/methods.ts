/**
 * The four ways of training that the recipe compares.
 *
 * @module
 */
import { accumulate, cachedStep, fullStep, type Step, type StepOptions } from "../../core/mod.ts";
import type { Config, MethodName } from "./config.ts";
import type { Model } from "./model.ts";

/** One way of training. */
export interface Method {
  /** How the tables and figures call it. */
  readonly title: string;
  /** Examples in a batch. */
  readonly batch: number;
  /** Other passages that each query is compared with. */
  readonly negatives: number;
  /** The peak learning rate. */
  readonly learningRate: number;
  /** Makes the step. */
  step(model: Model): Step;
}

/** What says how a batch is cut. */
type Cut = { readonly chunkSize?: number } & Pick<StepOptions, "chunkTokens" | "keep" | "memory">;

/** How gradient caching is told to cut a batch. */
export function cutOf({ chunk, chunkTokens, memory, keep }: Config): Cut {
  if (memory !== null) return { memory };
  return { ...(chunkTokens === null ? { chunkSize: chunk } : { chunkTokens }), keep };
}

/** The same in words. */
export function cutText({ chunk, chunkTokens, memory }: Config): string {
  if (memory !== null) return typeof memory === "number" ? `${memory} B` : memory;
  return chunkTokens === null ? `chunks of ${chunk}` : `chunks of ${chunkTokens} tokens`;
}

/** The methods by their names in the config. */
export function methodsOf(config: Config): Record<MethodName, Method> {
  const { batch, chunk, learningRate, smallLearningRate } = config;
  const make = (maker: (options: StepOptions) => Step, cut: Cut) => ({ encoders, loss }: Model) =>
    maker({ encoders, loss, ...cut });
  const cut = cutOf(config);
  // The table's usual row stays as it is.
  const suffix = "chunkSize" in cut ? "" : `, ${cutText(config)}`;
  return {
    small: {
      title: `batch ${chunk}`,
      batch: chunk,
      negatives: chunk - 1,
      learningRate: smallLearningRate,
      step: make(fullStep, {}),
    },
    accumulate: {
      title: `accumulation to ${batch}`,
      batch,
      negatives: chunk - 1,
      learningRate,
      step: make(accumulate, { chunkSize: chunk }),
    },
    cached: {
      title: `gradient caching ${batch}${suffix}`,
      batch,
      negatives: batch - 1,
      learningRate,
      step: make(cachedStep, cut),
    },
    full: { title: `whole batch ${batch}`, batch, negatives: batch - 1, learningRate, step: make(fullStep, {}) },
  };
}
