/**
 * `deno task recipe`: lists recipes, explains them and runs them.
 *
 * @module
 */
import { fromFileUrl, join, relative } from "@std/path";
import type { BackendName } from "../core/backend.ts";
import { parseArguments } from "./runner/arguments.ts";
import { resolveConfig } from "./runner/config.ts";
import { readRecord } from "./runner/config_file.ts";
import { listText, recipeText } from "./runner/help.ts";
import { configPath, loadRecipe } from "./runner/registry.ts";
import type { RunOptions } from "./runner/run_recipe.ts";
import { processTerminal, type Terminal } from "./runner/terminal.ts";
import { UsageError } from "./runner/usage_error.ts";

/** Options of {@linkcode main}. */
export interface MainOptions {
  /** The folder of recipes, that of this file if left out. */
  readonly recipes?: string;
  /** The parent of numbered run folders, `runs` if left out. */
  readonly runs?: string;
  /** Where lines and the progress bar go. */
  readonly terminal?: Terminal;
  /** Seconds between the checkpoints of a run, 20 if left out. */
  readonly checkpointSeconds?: number;
}

/**
 * Does what the command line asks for.
 *
 * @returns The exit status: 0 if all went well, 1 if a recipe failed, 2 if the request cannot be met, 130 or 143 after
 * Ctrl-C or a termination signal.
 */
export async function main(args: readonly string[], options: MainOptions = {}): Promise<number> {
  const recipes = options.recipes ?? fromFileUrl(new URL(".", import.meta.url));
  const terminal = options.terminal ?? processTerminal();
  try {
    const asked = parseArguments(args);
    if (asked.resume !== undefined && !asked.help) {
      return await goOn(asked.resume, asked.recipe, { ...options, recipes, terminal });
    }
    if (asked.recipe === undefined) {
      terminal.print(await listText(recipes));
      return 0;
    }
    const recipe = await loadRecipe(recipes, asked.recipe);
    const file = asked.config ?? relative(Deno.cwd(), configPath(recipes, recipe.name));
    if (asked.help) {
      terminal.print(recipeText(recipe, file));
      return 0;
    }
    const { config, seed = 0 } = resolveConfig(recipe, { file, smoke: asked.smoke, set: asked.set });
    return await run({
      recipe,
      config,
      seed: asked.seed ?? seed,
      smoke: asked.smoke,
      backend: asked.backend,
      out: asked.out,
      runs: options.runs ?? "runs",
      terminal,
      checkpointSeconds: options.checkpointSeconds,
    });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    terminal.printError(error.message);
    return 2;
  }
}

/** Goes on with the run of a folder: recipe, config, seed and engine are those of its record. */
async function goOn(
  path: string,
  name: string | undefined,
  { recipes, terminal, runs = "runs", checkpointSeconds }: MainOptions & { recipes: string; terminal: Terminal },
): Promise<number> {
  const file = join(path, "config.yaml");
  const { recipe: recorded, seed, smoke, engine, versions } = readRecord(file);
  const recipe = await loadRecipe(recipes, name ?? recorded);
  const { config } = resolveConfig(recipe, { file });
  const backend = engine as BackendName;
  return await run({
    recipe,
    config,
    seed,
    smoke,
    backend,
    runs,
    terminal,
    checkpointSeconds,
    resume: { path, versions },
  });
}

/** Loads the runner only now: errors in the request do not wait for the engine. */
async function run(options: RunOptions): Promise<number> {
  const { runRecipe } = await import("./runner/run_recipe.ts");
  return await runRecipe(options);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
