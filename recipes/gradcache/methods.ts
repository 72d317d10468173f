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

/** The methods by their names in the config. */
export function methodsOf(config: Config): Record<MethodName, Method> {
  const { batch, chunk, keep, learningRate, smallLearningRate } = config;
  const make = (maker: (options: StepOptions) => Step) => ({ encoders, loss }: Model) =>
    maker({ encoders, loss, chunkSize: chunk, keep });
  return {
    small: {
      title: `batch ${chunk}`,
      batch: chunk,
      negatives: chunk - 1,
      learningRate: smallLearningRate,
      step: make(fullStep),
    },
    accumulate: {
      title: `accumulation to ${batch}`,
      batch,
      negatives: chunk - 1,
      learningRate,
      step: make(accumulate),
    },
    cached: { title: `gradient caching ${batch}`, batch, negatives: batch - 1, learningRate, step: make(cachedStep) },
    full: { title: `whole batch ${batch}`, batch, negatives: batch - 1, learningRate, step: make(fullStep) },
  };
}
