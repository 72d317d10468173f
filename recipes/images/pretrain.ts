/**
 * The encoder that the compared trainings of a seed begin with.
 *
 * @module
 */
import { join } from "@std/path";
import { decodeSafetensors, encodeSafetensors, type NamedArrays, readParams } from "../../core/mod.ts";
import { multiSimilarity } from "../../losses/mod.ts";
import type { RecipeContext } from "../runner/recipe.ts";
import { writeWhole } from "../runner/write_whole.ts";
import type { TrainingConfig } from "./config.ts";
import type { DriftOptions } from "./drift.ts";
import type { ImageTask } from "./task.ts";
import { type Trained, trainEncoder } from "./train.ts";

/** A pretrained encoder. */
export interface Pretrained extends Trained {
  /** Its parameters. */
  readonly params: NamedArrays;
}

/**
 * Trains an encoder from scratch by the multi-similarity loss, without a memory, and keeps its parameters in the run folder
 * as `pretrained-<seed>.safetensors`.
 *
 * The papers begin with an encoder that knows photos. There is none for drawings, and a memory is of no use while
 * representations move fast; so this is the encoder that the compared trainings of a seed have in common.
 */
export async function pretrain(
  context: RecipeContext<TrainingConfig>,
  task: ImageTask,
  { seed, drift }: { readonly seed: number; readonly drift?: DriftOptions },
): Promise<Pretrained> {
  const path = join(context.run.path, `pretrained-${seed}.safetensors`);
  const trained = await trainEncoder(context, task, {
    name: `pretraining, seed ${seed}`,
    seed,
    schedule: context.config.pretraining,
    loss: multiSimilarity(),
    memory: { kind: "none" },
    ...(drift ? { drift } : {}),
    finish: async ({ params }) => writeWhole(path, encodeSafetensors(await readParams(params))),
  });
  return { ...trained, params: decodeSafetensors(Deno.readFileSync(path)).tensors };
}
