/**
 * The trainings of the recipe, and what each gave.
 *
 * @module
 */
import { mean } from "../runner/statistics.ts";
import type { RecipeContext } from "../runner/recipe.ts";
import type { DriftOptions } from "../images/drift.ts";
import type { ScheduleConfig } from "../images/config.ts";
import type { MemoryChoice } from "../images/memories.ts";
import { pretrain, type Pretrained } from "../images/pretrain.ts";
import type { ImageTask } from "../images/task.ts";
import { type Trained, trainEncoder, type TrainingOptions } from "../images/train.ts";
import type { Config } from "./config.ts";
import { type LossName, lossOf, lossTitles } from "./losses.ts";

/** A kind of training, and its runs by seed. */
export interface Arm {
  readonly title: string;
  readonly loss: LossName;
  /** Images in memory; 0 without one. */
  readonly memory: number;
  readonly batch: number;
  readonly steps: number;
  readonly runs: readonly Trained[];
}

/** Runs trainings that all begin with the pretrained encoder of their seed. */
export interface Study {
  readonly pretrained: readonly Pretrained[];
  /** Trains once for each seed. */
  arm(options: ArmOptions): Promise<Arm>;
}

/** What tells one kind of training from another. */
export interface ArmOptions extends Pick<TrainingOptions, "chunkSize"> {
  readonly title?: string;
  readonly loss: LossName;
  /** Images in memory; none if left out. */
  readonly memory?: number;
  /** What is different from the schedule of the config, for each run. */
  readonly schedule?: Partial<ScheduleConfig>;
  /** Watches the drift of the first run. */
  readonly drift?: DriftOptions;
  /** Is called at the end of the first run. */
  readonly finish?: TrainingOptions["finish"];
}

/** Pretrains an encoder for each seed. */
export async function beginStudy(
  context: RecipeContext<Config>,
  task: ImageTask,
  drift: DriftOptions,
): Promise<Study> {
  const { config } = context;
  const seeds = Array.from({ length: config.seeds }, (_, i) => context.seed + i);
  const pretrained: Pretrained[] = [];
  for (const [i, seed] of seeds.entries()) {
    pretrained.push(await pretrain(context, task, { seed, ...(i === 0 ? { drift } : {}) }));
  }
  return {
    pretrained,
    async arm({ loss, memory = 0, chunkSize, drift, finish, ...options }) {
      const schedule = { ...config.training, ...options.schedule };
      const batch = schedule.classes * schedule.perClass;
      const choice: MemoryChoice = memory === 0 ? { kind: "none" } : { kind: "queue", size: Math.max(memory, batch) };
      const title = options.title ?? `${lossTitles[loss]}${memory === 0 ? "" : ` + memory of ${memory}`}`;
      const runs: Trained[] = [];
      for (const [i, seed] of seeds.entries()) {
        runs.push(
          await trainEncoder(context, task, {
            name: `${title}, batch ${batch}, ${schedule.steps} steps, seed ${seed}`,
            seed,
            schedule,
            loss: lossOf(loss, config),
            memory: choice,
            from: pretrained[i]!.params,
            ...(chunkSize === undefined || chunkSize >= batch ? {} : { chunkSize }),
            ...(i === 0 && drift ? { drift } : {}),
            ...(i === 0 && finish ? { finish } : {}),
          }),
        );
      }
      return { title, loss, memory, batch, steps: schedule.steps, runs };
    },
  };
}

/** Recall@1 of all runs. */
export function recalls({ runs }: Pick<Arm, "runs">): number[] {
  return runs.map(({ scores }) => scores.recall1);
}

/** Mean seconds of the runs. */
export function secondsOf({ runs }: Arm): number {
  return mean(runs.map(({ seconds }) => seconds));
}
