/**
 * The trainings of the recipe, and what each gave.
 *
 * @module
 */
import type { RecipeContext } from "../runner/recipe.ts";
import type { DriftOptions } from "../images/drift.ts";
import type { ScheduleConfig } from "../images/config.ts";
import type { MemoryChoice } from "../images/memories.ts";
import type { Pretrained } from "../images/pretrain.ts";
import { beginSeeds, type Runs } from "../images/seeds.ts";
import type { ImageTask } from "../images/task.ts";
import type { Trained, TrainingOptions } from "../images/train.ts";
import type { Config } from "./config.ts";
import { type LossName, lossOf, lossTitles } from "./losses.ts";

/** A kind of training, and its runs by seed. */
export interface Arm extends Runs {
  readonly title: string;
  readonly loss: LossName;
  /** Images in memory; 0 without one. */
  readonly memory: number;
  readonly batch: number;
  readonly steps: number;
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
  const { pretrained, train } = await beginSeeds(context, task, { drift });
  // Studies meet in some trainings (a ratio of 0 is no memory): each of them is run once.
  const done = new Map<string, Trained[]>();
  return {
    pretrained,
    async arm({ loss, memory = 0, chunkSize, drift, finish, ...options }) {
      const schedule = { ...config.training, ...options.schedule };
      const batch = schedule.classes * schedule.perClass;
      const choice: MemoryChoice = memory === 0 ? { kind: "none" } : { kind: "queue", size: Math.max(memory, batch) };
      const title = options.title ?? `${lossTitles[loss]}${memory === 0 ? "" : ` + memory of ${memory}`}`;
      const same = JSON.stringify([loss, memory, schedule]);
      const runs = done.get(same) ?? await train({
        name: `${title}, batch ${batch}, ${schedule.steps} steps`,
        schedule,
        loss: lossOf(loss, config),
        memory: choice,
        ...(chunkSize === undefined || chunkSize >= batch ? {} : { chunkSize }),
        ...(drift ? { drift } : {}),
        ...(finish ? { finish } : {}),
      });
      done.set(same, runs);
      return { title, loss, memory, batch, steps: schedule.steps, runs };
    },
  };
}
