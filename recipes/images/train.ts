/**
 * One training of an image encoder, with or without a memory.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import {
  adamW,
  assignParams,
  cachedStep,
  cosineDecay,
  type Encoder,
  fold,
  fullStep,
  type Key,
  key,
  type NamedArrays,
  type RowLoss,
  type Tensor1D,
  type Tensor4D,
} from "../../core/mod.ts";
import { augmentation, type AugmentationOptions, type ImageSet } from "../../data/mod.ts";
import { disposeParams, residual } from "../../encoders/mod.ts";
import { classBatches, type ClassBatchesState } from "../../samplers/mod.ts";
import type { RecipeContext } from "../runner/recipe.ts";
import { trainingState } from "../runner/training_state.ts";
import type { ScheduleConfig, TrainingConfig } from "./config.ts";
import { type DriftOptions, type DriftPoint, watchDrift } from "./drift.ts";
import { evaluate, type ImageScores } from "./evaluate.ts";
import { type MemoryChoice, remember } from "./memories.ts";
import type { ImageTask } from "./task.ts";

/** What tells one training from another. */
export interface TrainingOptions {
  /** Its name in metrics and checkpoints. */
  readonly name: string;
  readonly seed: number;
  /** How long, how fast, and with which batches. */
  readonly schedule: ScheduleConfig;
  readonly loss: RowLoss;
  readonly memory: MemoryChoice;
  /** Parameters to start from; random ones if left out. */
  readonly from?: NamedArrays;
  /** Examples on the tape at a time; the whole batch if left out. */
  readonly chunkSize?: number;
  /** Watches how far representations move. */
  readonly drift?: DriftOptions;
  /** Is given the trained encoder before it is disposed. */
  readonly finish?: (encoder: Encoder<Tensor4D>) => Promise<void>;
}

/** Scores after so many steps. */
export interface CurvePoint extends ImageScores {
  readonly step: number;
  /** Seconds of batches, steps and updates until then; evaluation is left out. */
  readonly seconds: number;
}

/** What a training gave. */
export interface Trained {
  readonly seed: number;
  readonly curve: readonly CurvePoint[];
  readonly scores: ImageScores;
  readonly seconds: number;
  readonly drift: readonly DriftPoint[];
}

/** What happens to the images of a batch: other artists move, turn, stretch and color what they draw. */
export const views: AugmentationOptions = {
  affine: { rotation: 15, translation: 0.1, scale: [0.8, 1.15] },
  colorJitter: { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 },
  grayscale: 0.2,
};

/** What a checkpoint holds beside tensors. */
interface Position {
  readonly sampler: ClassBatchesState;
  readonly curve: readonly CurvePoint[];
  readonly drift: readonly DriftPoint[];
  readonly elapsed: number;
}

/** Makes the encoder of a training. */
export function imageEncoder(config: TrainingConfig, { train }: ImageTask, key: Key): Encoder<Tensor4D> {
  const { filters, blocks, stem, dim } = config;
  const { height, width, channels } = train;
  return residual({ height, width, channels, filters, blocks, stem, dim, name: "image", key });
}

/** Labels and ids of some images, as a step takes them. */
function targetsOf({ labels }: ImageSet, rows: Int32Array): { labels: Tensor1D; ids: Tensor1D } {
  return {
    labels: tf.tensor1d(Int32Array.from(rows, (row) => labels[row]!), "int32"),
    ids: tf.tensor1d(rows, "int32"),
  };
}

/** The first batch of a training, which the caller disposes. */
export function labelledBatch(
  set: ImageSet,
  { classes, perClass }: Pick<ScheduleConfig, "classes" | "perClass">,
  key: Key,
): { images: Tensor4D; targets: ReturnType<typeof targetsOf> } {
  const rows = classBatches({ labels: set.labels, classes, perClass, key: fold(key, "batches") }).next();
  return { images: augmentation(views)(set, rows, fold(key, "views")), targets: targetsOf(set, rows) };
}

/** Trains an encoder, from scratch or on. A resumed run goes on where its last checkpoint was. */
export function trainEncoder(
  context: RecipeContext<TrainingConfig>,
  task: ImageTask,
  training: TrainingOptions,
): Promise<Trained> {
  const { config, progress, run } = context;
  const { name, seed, schedule, chunkSize } = training;
  const { train } = task;
  return context.unit(name, async (unit) => {
    const root = key(seed);
    const encoder = imageEncoder(config, task, fold(root, "model"));
    if (training.from) assignParams(encoder.params, training.from);
    const remembering = remember(training.memory, {
      loss: training.loss,
      encoder,
      make: (key) => imageEncoder(config, task, key),
      key: fold(root, "keys"),
      examples: train.examples,
      dim: config.dim,
      weight: config.memoryWeight,
      warmUp: Math.round(config.memoryStart * schedule.steps),
    });
    const { loss, encoders, memory, keys } = remembering;
    const step = chunkSize === undefined ? fullStep({ encoders, loss }) : cachedStep({ encoders, loss, chunkSize });
    const { weightDecay, warmup } = config;
    const { steps, learningRate, evaluations } = schedule;
    const optimizer = adamW({
      learningRate: cosineDecay({ peak: learningRate, warmup: Math.round(warmup * steps), total: steps }),
      weightDecay,
    });
    const state = trainingState({
      params: { ...step.params, ...(keys ? prefixed("keys", keys) : {}) },
      optimizer,
      ...(memory ? { memory } : {}),
    });
    const position = unit.saved ? state.restore<Position>(unit.saved) : undefined;
    const sampler = classBatches({
      labels: train.labels,
      classes: schedule.classes,
      perClass: schedule.perClass,
      key: fold(root, "batches"),
      state: position?.sampler,
    });
    const curve = [...position?.curve ?? []];
    const drift = training.drift &&
      watchDrift(training.drift, { points: position?.drift ?? [], tensors: unit.saved?.tensors ?? {} });
    const augment = augmentation(views);
    let elapsed = position?.elapsed ?? 0;
    try {
      for await (const i of progress.steps(name, steps, { from: optimizer.steps })) {
        const start = performance.now();
        const rows = sampler.next();
        const images = augment(train, rows, fold(root, "views", i));
        const targets = targetsOf(train, rows);
        remembering.begin(i);
        const result = step(encoders.map(() => images), fold(root, "step", i), targets);
        optimizer.update(step.params, result.gradients);
        remembering.follow();
        const value = result.loss.dataSync()[0]!;
        tf.dispose([images, targets, result.loss, result.gradients]);
        elapsed += performance.now() - start;
        progress.note(`loss ${value.toFixed(3)}`);
        const done = i + 1;
        await drift?.look(encoder, done);
        const due = Math.floor(done * evaluations / steps) > Math.floor(i * evaluations / steps);
        const scores = due ? await evaluate(encoder, task) : undefined;
        if (scores) curve.push({ step: done, seconds: elapsed / 1000, ...scores });
        run.metric({ training: name, seed, step: i, loss: value, ...scores });
        await unit.offer(async () => {
          const more: Position = { sampler: sampler.state, curve, drift: drift?.points ?? [], elapsed };
          const { tensors, ...saved } = await state.save(more);
          return { ...saved, tensors: { ...tensors, ...drift?.save() } };
        });
      }
      await training.finish?.(encoder);
      return { seed, curve, scores: curve.at(-1)!, seconds: elapsed / 1000, drift: drift?.points ?? [] };
    } finally {
      remembering.dispose();
      optimizer.dispose();
      disposeParams(encoder.params);
    }
  });
}

function prefixed<Value>(prefix: string, record: { readonly [name: string]: Value }): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [`${prefix}/${name}`, value]));
}
