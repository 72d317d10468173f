/**
 * What the recipe compares: losses with and without memory, a memory with a true large batch, memory ratios, batch sizes.
 *
 * @module
 */
import type { ImageTask } from "../images/task.ts";
import { secondsOf } from "../images/seeds.ts";
import type { TrainingOptions } from "../images/train.ts";
import type { DriftOptions } from "../images/drift.ts";
import type { Config } from "./config.ts";
import type { LossName } from "./losses.ts";
import type { Arm, Study } from "./study.ts";

/** A loss without a memory and with one. */
export interface Compared {
  readonly loss: LossName;
  readonly without: Arm;
  readonly withMemory: Arm;
}

/** What is done beside the trainings. */
export interface LossStudyOptions {
  readonly drift: DriftOptions;
  readonly finish: NonNullable<TrainingOptions["finish"]>;
}

/** Each loss of the study without a memory and with one; the drift is that of the first one without. */
export async function compareLosses(
  study: Study,
  config: Config,
  { train }: ImageTask,
  { drift, finish }: LossStudyOptions,
): Promise<Compared[]> {
  const memory = Math.max(1, Math.round(config.memoryRatio * train.examples));
  const compared: Compared[] = [];
  const losses = config.study === "memory" ? config.losses.slice(0, 1) : config.losses;
  for (const [i, loss] of losses.entries()) {
    compared.push({
      loss,
      without: await study.arm({ loss, ...(i === 0 ? { drift } : {}) }),
      withMemory: await study.arm({ loss, memory, ...(i === 0 ? { finish } : {}) }),
    });
  }
  return compared;
}

/** A memory of stale representations, and true batches with as many negatives. */
export interface RealThing {
  readonly memory: Arm;
  readonly equalExamples: Arm;
  readonly equalTime: Arm;
}

/**
 * A small batch that sees further images in memory, against a batch that has as many images itself, by the first loss: one
 * that sees as many images in all, and one that takes as long. The larger batch's rate is √(ratio of batches) times as high.
 *
 * How many steps take as long is read from the other one's time, so that it is different from run to run.
 */
export async function compareWithLargeBatch(study: Study, config: Config): Promise<RealThing> {
  const { largeBatch, chunk: chunkSize, training } = config;
  const loss = config.losses[0]!;
  const batch = training.classes * training.perClass;
  const memory = await study.arm({
    title: `batch ${batch} + memory of ${largeBatch - batch}`,
    loss,
    memory: largeBatch - batch,
  });
  const schedule = {
    classes: largeBatch / training.perClass,
    learningRate: training.learningRate * Math.sqrt(largeBatch / batch),
    evaluations: 1,
  };
  const steps = Math.max(1, Math.round(training.steps * batch / largeBatch));
  const large = (title: string, steps: number) =>
    study.arm({ title: `batch ${largeBatch}, ${title}`, loss, chunkSize, schedule: { ...schedule, steps } });
  const equalExamples = await large("equal examples", steps);
  const equalTime = await large(
    "equal time",
    Math.max(1, Math.round(steps * secondsOf(memory) / secondsOf(equalExamples))),
  );
  return { memory, equalExamples, equalTime };
}

/** The first loss with memories of several sizes. */
export async function compareRatios(study: Study, config: Config, { train }: ImageTask): Promise<Arm[]> {
  const arms: Arm[] = [];
  for (const ratio of config.ratios) {
    const memory = Math.round(ratio * train.examples);
    arms.push(await study.arm({ title: `memory ratio ${ratio}`, loss: config.losses[0]!, memory }));
  }
  return arms;
}

/** The first loss at several batch sizes, without a memory and with one. The rate grows with the root of the batch. */
export async function compareBatches(study: Study, config: Config, { train }: ImageTask): Promise<Compared[]> {
  const { training, losses, batches, chunk: chunkSize } = config;
  const loss = losses[0]!;
  const memory = Math.max(1, Math.round(config.memoryRatio * train.examples));
  const compared: Compared[] = [];
  for (const batch of batches) {
    const schedule = {
      classes: batch / training.perClass,
      learningRate: training.learningRate * Math.sqrt(batch / (training.classes * training.perClass)),
    };
    const arm = (title: string, size: number) =>
      study.arm({ title: `batch size ${batch}, ${title}`, loss, memory: size, schedule, chunkSize });
    compared.push({ loss, without: await arm("no memory", 0), withMemory: await arm("memory", memory) });
  }
  return compared;
}
