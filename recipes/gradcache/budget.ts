/**
 * Whether a budget of memory is enough.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { fold, key } from "../../core/mod.ts";
import type { RecipeContext } from "../runner/recipe.ts";
import type { Config } from "./config.ts";
import { methodsOf } from "./methods.ts";
import { buildModel } from "./model.ts";
import type { Task } from "./task.ts";
import { readBatch } from "./train.ts";

/**
 * Takes one step of gradient caching, so that a budget that is too small is told before anything is trained.
 *
 * @throws {RangeError} If no plan fits it.
 */
export function checkBudget({ config, seed }: RecipeContext<Config>, task: Task): void {
  if (config.memory === null) return;
  const model = buildModel(config, task.train.queries.vocabularySize, fold(key(seed), "model"));
  const inputs = readBatch(task.train, Int32Array.from({ length: config.batch }, (_, row) => row));
  try {
    const { loss, gradients } = methodsOf(config).cached.step(model)(inputs, key(seed));
    tf.dispose([loss, gradients]);
  } finally {
    tf.dispose(inputs);
    model.dispose();
  }
}
