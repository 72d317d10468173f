/**
 * `deno task recipe`: lists recipes, explains them and runs them.
 *
 * @module
 */
import { fromFileUrl, relative } from "@std/path";
import { parseArguments } from "./runner/arguments.ts";
import { resolveConfig } from "./runner/config.ts";
import { listText, recipeText } from "./runner/help.ts";
import { configPath, loadRecipe } from "./runner/registry.ts";
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
    // Loaded only now: errors in the request do not wait for the engine.
    const { runRecipe } = await import("./runner/run_recipe.ts");
    return await runRecipe({
      recipe,
      config,
      seed: asked.seed ?? seed,
      smoke: asked.smoke,
      backend: asked.backend,
      out: asked.out,
      runs: options.runs ?? "runs",
      terminal,
    });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    terminal.printError(error.message);
    return 2;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
