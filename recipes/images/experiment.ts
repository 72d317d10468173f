/**
 * What `deno task parity` compares steps on.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type Experiment, fold, type Key, type Loss } from "../../core/mod.ts";
import { disposeParams } from "../../encoders/mod.ts";
import type { DataConfig, ScheduleConfig, TrainingConfig } from "./config.ts";
import { checkBatches, loadTask } from "./task.ts";
import { imageEncoder, labelledBatch } from "./train.ts";

/** What tells one experiment from another. */
export interface ImageExperimentOptions extends Pick<ScheduleConfig, "classes" | "perClass"> {
  readonly loss: Loss;
  readonly chunkSizes: readonly number[];
  readonly key: Key;
}

/** An untrained encoder with a loss and a batch of labelled images. */
export async function imageExperiment(
  config: DataConfig & TrainingConfig,
  { loss, chunkSizes, key, ...batch }: ImageExperimentOptions,
): Promise<Experiment> {
  const task = await loadTask(config, () => {});
  checkBatches(task, [batch]);
  const encoder = imageEncoder(config, task, fold(key, "model"));
  const { images, targets } = labelledBatch(task.train, batch, fold(key, "batch"));
  return {
    encoders: [encoder],
    loss,
    inputs: [images],
    targets,
    chunkSizes,
    dispose: () => {
      disposeParams(encoder.params);
      tf.dispose([images, targets]);
    },
  };
}
