/**
 * `deno task parity`: compares a recipe's chunked gradients with those of the whole batch.
 *
 * @module
 */
import { fromFileUrl, relative } from "@std/path";
import { describePlan, fold, key, parity, type ParityPoint, useBackend } from "../core/mod.ts";
import { resolveConfig } from "./runner/config.ts";
import { toJson } from "./runner/json.ts";
import { PARITY_HELP, type ParityArguments, parseParityArguments } from "./runner/parity_arguments.ts";
import { parityText } from "./runner/parity_text.ts";
import { configPath, loadRecipe, recipeNames } from "./runner/registry.ts";
import { isUnplannable } from "./runner/plan_error.ts";
import { processTerminal, type Terminal } from "./runner/terminal.ts";
import { UsageError } from "./runner/usage_error.ts";

/** Options of {@linkcode main}. */
export interface ParityMainOptions {
  /** The folder of recipes, that of this file if left out. */
  readonly recipes?: string;
  /** Where the report goes. */
  readonly terminal?: Pick<Terminal, "print" | "printError">;
}

/**
 * Does what the command line asks for.
 *
 * @returns The exit status: 0 if all gradients are within the tolerance, 1 if one is not, 2 if the request cannot be met.
 */
export async function main(args: readonly string[], options: ParityMainOptions = {}): Promise<number> {
  const { recipes = fromFileUrl(new URL(".", import.meta.url)), terminal = processTerminal() } = options;
  try {
    const asked = parseParityArguments(args);
    if (asked.help) {
      terminal.print(PARITY_HELP);
      return 0;
    }
    return await report(asked, recipes, terminal.print);
  } catch (error) {
    if (!(error instanceof UsageError || isUnplannable(error))) throw error;
    terminal.printError(error.message);
    return 2;
  }
}

async function report(asked: ParityArguments, recipes: string, print: (line: string) => void): Promise<number> {
  if (asked.recipe === undefined) {
    throw new UsageError(
      `Name a recipe, as in deno task parity <recipe>; there are ${recipeNames(recipes).join(", ")}`,
    );
  }
  const recipe = await loadRecipe(recipes, asked.recipe);
  if (!recipe.experiment) throw new UsageError(`Cannot compare "${recipe.name}": the recipe offers no experiment`);
  const file = asked.config ?? relative(Deno.cwd(), configPath(recipes, recipe.name));
  const { config, seed: recorded = 0 } = resolveConfig(recipe, { file, smoke: asked.smoke, set: asked.set });
  const seed = asked.seed ?? recorded;
  await startEngine(asked);

  const { dispose, ...experiment } = await recipe.experiment(config, key(seed));
  try {
    const { chunkSizes, keeps, tolerance } = asked;
    const found = await parity({
      ...experiment,
      key: fold(key(seed), "parity"),
      ...(chunkSizes && { chunkSizes }),
      ...(keeps && { keeps }),
      ...(tolerance !== undefined && { tolerance }),
    });
    const whole = () => toJson({ recipe: recipe.name, seed, ...found, points: found.points.map(withPlan) }, 2);
    print(asked.json ? whole() : parityText(recipe.name, found));
    return found.passed ? 0 : 1;
  } finally {
    dispose();
  }
}

/** A point, with its plan in words if it has one. */
function withPlan(point: ParityPoint): ParityPoint & { readonly plan?: string } {
  return point.memory ? { ...point, plan: describePlan(point.memory) } : point;
}

async function startEngine({ backend }: ParityArguments): Promise<void> {
  try {
    await useBackend(backend === undefined ? {} : { backend });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
