/**
 * The trainings of the recipe, and what each gave.
 *
 * @module
 */
import type { RowLoss } from "../../core/mod.ts";
import { pairWeighting } from "../../losses/mod.ts";
import type { MemoryChoice } from "../images/memories.ts";
import type { Pretrained } from "../images/pretrain.ts";
import { beginSeeds, type Runs } from "../images/seeds.ts";
import type { ImageTask } from "../images/task.ts";
import type { TrainingOptions } from "../images/train.ts";
import type { RecipeContext } from "../runner/recipe.ts";
import { balanced } from "./balance.ts";
import type { Config } from "./config.ts";
import { weightingOf } from "./weights.ts";

/** What tells one kind of training from another. */
export interface ArmPlan {
  /** The name of its weighting, or of its memory if it is no queue. */
  readonly title: string;
  /** The name of its weighting. */
  readonly weighting: string;
  readonly memory: MemoryChoice;
}

/** A kind of training, and its runs by seed. */
export interface Arm extends ArmPlan, Runs {}

/** Everything that was trained. */
export interface Study {
  readonly pretrained: readonly Pretrained[];
  readonly arms: readonly Arm[];
}

/** Each weighting of the study over the queue, then the reference over other memories. */
export function plan(config: Config, { train }: ImageTask): ArmPlan[] {
  const { weightings, memories, reference, memoryRatio, training, study, further } = config;
  const chosen = Object.keys(weightings).filter((name) =>
    study === "full" || name === reference || !further.includes(name)
  );
  const batch = training.classes * training.perClass;
  const size = Math.max(batch, Math.round(memoryRatio * train.examples));
  const choiceOf = ({ kind, momentum }: Config["memories"][string]): MemoryChoice => {
    if (kind === "none") return { kind };
    return kind === "keys" ? { kind, size, momentum: momentum! } : { kind, momentum: momentum! };
  };
  return [
    ...chosen.map((name): ArmPlan => ({
      title: name,
      weighting: name,
      memory: { kind: "queue", size },
    })),
    ...Object.entries(memories).map(([name, memory]): ArmPlan => ({
      title: name,
      weighting: reference,
      memory: choiceOf(memory),
    })),
  ];
}

/** Makes the loss of a weighting. */
export function lossOf(weighting: string, { weightings, balance }: Config): RowLoss {
  const weights = weightingOf(weightings[weighting]!);
  return pairWeighting({ ...(balance ? balanced(weights) : weights), title: weighting });
}

/** Pretrains an encoder for each seed, and trains all that is planned. `finish` is given the first encoder of the reference. */
export async function trainAll(
  context: RecipeContext<Config>,
  task: ImageTask,
  { finish }: Required<Pick<TrainingOptions, "finish">>,
): Promise<Study> {
  const { config } = context;
  const { pretrained, train } = await beginSeeds(context, task);
  const arms: Arm[] = [];
  for (const planned of plan(config, task)) {
    const { title, weighting, memory } = planned;
    const runs = await train({
      name: title,
      schedule: config.training,
      loss: lossOf(weighting, config),
      memory,
      ...(title === config.reference ? { finish } : {}),
    });
    arms.push({ ...planned, runs });
  }
  return { pretrained, arms };
}
