/**
 * What a recipe is, and what it is given.
 *
 * @module
 */
import type { z } from "zod";
import type { Experiment, Key, NamedArrays } from "../../core/mod.ts";
import type { Progress } from "./progress.ts";
import type { RunFolder } from "./run_folder.ts";

/** A zod schema of named values that refuses unknown names: `z.strictObject({ … })`. */
export type ConfigSchema = z.ZodObject<z.core.$ZodLooseShape, z.core.$strict>;

/** Some of the keys of a config, at any depth; lists stand as wholes. */
export type Overrides<Config> = Config extends readonly unknown[] ? Config
  : Config extends object ? { readonly [Key in keyof Config]?: Overrides<Config[Key]> | undefined }
  : Config;

/** What a recipe is given when it runs. */
export interface RecipeContext<Config> {
  /** The validated values: the config file, under the smoke overrides if asked for, under those of `--set`. */
  readonly config: Config;
  /** The one source of randomness, for `key(seed)`. */
  readonly seed: number;
  /** Whether this run only shows that the whole path works. */
  readonly smoke: boolean;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Where results go. */
  readonly run: RunFolder;
  /** The bar on the terminal. */
  readonly progress: Progress;
  /** Prints a line, above the bar if there is one. */
  log(line: string): void;
  /**
   * Lets a pending Ctrl-C arrive, and stops the recipe if one has. To be awaited between steps: JavaScript hears of a
   * signal only when nothing else runs. {@linkcode Progress.steps} does it by itself. In a {@linkcode Unit} that offers
   * checkpoints it is the next offer that stops.
   *
   * @throws The signal's reason, which the runner understands.
   */
  pause(): Promise<void>;
  /**
   * Does one part of the recipe's work, such as one training, so that it can be resumed: what it gave is kept, and comes
   * back at once when the run is resumed.
   *
   * A resumed recipe runs again from its beginning, with the same config and seed. So what lies between units should be
   * quick, and the same each time; a line that it writes to metrics.jsonl again is not doubled. Units follow one
   * another, and do not lie within each other.
   *
   * @param name What the run knows it by; no other unit of the run has it.
   * @param work Does it. What it gives is plain data: numbers of any kind, texts, truth values, null, lists and records.
   * @returns What `work` gave, as a copy.
   * @throws {TypeError} If `work` gave something else; the message says where.
   */
  unit<Result>(name: string, work: (unit: Unit) => Promise<Result>): Promise<Result>;
}

/** What a checkpoint of a unit holds. */
export interface UnitCheckpoint {
  /** How many steps were made. */
  readonly step: number;
  /** Whatever is large, such as the parameters. */
  readonly tensors: NamedArrays;
  /** The rest, as plain data: numbers of any kind, texts, truth values, null, lists and records. */
  readonly state: unknown;
}

/** What a unit of work is told, and how it can be stopped and resumed within. */
export interface Unit {
  /** The unit's last checkpoint, if the run was stopped within it. */
  readonly saved: UnitCheckpoint | undefined;
  /**
   * Makes a checkpoint if one is due, because some time has passed since the last or because of a Ctrl-C, which then
   * stops the recipe. To be awaited after each step, when all that belongs to the step is done.
   *
   * @param make Gives what is to be kept, from which {@linkcode Unit.saved} can go on; called only if a checkpoint is due.
   * @throws The signal's reason, which the runner understands.
   */
  offer(make: () => Promise<UnitCheckpoint>): Promise<void>;
}

/** An experiment that `deno task recipe` runs: `recipes/<name>/recipe.ts` exports one as `recipe`. */
export interface Recipe<Schema extends ConfigSchema = ConfigSchema> {
  /** The name of its folder. */
  readonly name: string;
  /** One line for the list of recipes. */
  readonly summary: string;
  /** Names, types, limits and meanings (`describe`) of the values in `config.yaml`. */
  readonly config: Schema;
  /** What `--smoke` changes so that the whole path takes less than a minute. */
  readonly smoke: Overrides<z.input<Schema>>;
  /** Does the work. What it returns from normally counts as completed. */
  run(context: RecipeContext<z.output<Schema>>): Promise<void>;
  /** Makes the recipe's encoders, loss and one batch, for `deno task parity`. */
  experiment?(config: z.output<Schema>, key: Key): Promise<Experiment>;
}

/** Returns the recipe as it is, with the type of its config inferred from the schema. */
export function defineRecipe<Schema extends ConfigSchema>(recipe: Recipe<Schema>): Recipe<Schema> {
  return recipe;
}
