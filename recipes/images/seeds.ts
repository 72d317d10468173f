/**
 * Trainings that are done once for each seed, all from the pretrained encoder of their seed.
 *
 * @module
 */
import { mean } from "../runner/statistics.ts";
import type { RecipeContext } from "../runner/recipe.ts";
import type { TrainingConfig } from "./config.ts";
import type { DriftOptions } from "./drift.ts";
import { pretrain, type Pretrained } from "./pretrain.ts";
import type { ImageTask } from "./task.ts";
import { type Trained, trainEncoder, type TrainingOptions } from "./train.ts";

/** What a training is told beside its seed. `drift` and `finish` are of the first seed alone. */
export type SeedsTraining = Omit<TrainingOptions, "seed" | "from">;

/** Runs trainings of each seed. */
export interface Seeds {
  /** The encoders that trainings begin with. */
  readonly pretrained: readonly Pretrained[];
  /** Trains once for each seed. */
  train(training: SeedsTraining): Promise<Trained[]>;
}

/** Pretrains an encoder for each seed, and watches the drift of the first one if told to. */
export async function beginSeeds(
  context: RecipeContext<TrainingConfig & { readonly seeds: number }>,
  task: ImageTask,
  { drift }: { readonly drift?: DriftOptions } = {},
): Promise<Seeds> {
  const seeds = Array.from({ length: context.config.seeds }, (_, i) => context.seed + i);
  const pretrained: Pretrained[] = [];
  for (const [i, seed] of seeds.entries()) {
    pretrained.push(await pretrain(context, task, { seed, ...(i === 0 && drift ? { drift } : {}) }));
  }
  return {
    pretrained,
    async train({ name, drift, finish, ...training }) {
      const runs: Trained[] = [];
      for (const [i, seed] of seeds.entries()) {
        runs.push(
          await trainEncoder(context, task, {
            ...training,
            name: `${name}, seed ${seed}`,
            seed,
            from: pretrained[i]!.params,
            ...(i === 0 && drift ? { drift } : {}),
            ...(i === 0 && finish ? { finish } : {}),
          }),
        );
      }
      return runs;
    },
  };
}

/** The runs of a kind of training. */
export interface Runs {
  readonly runs: readonly Trained[];
}

/** Recall@1 of all runs. */
export function recalls({ runs }: Runs): number[] {
  return runs.map(({ scores }) => scores.recall1);
}

/** Mean seconds of the runs. */
export function secondsOf({ runs }: Runs): number {
  return mean(runs.map(({ seconds }) => seconds));
}
