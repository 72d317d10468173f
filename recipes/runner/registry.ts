/**
 * Finds recipes: every folder with a `recipe.ts` and a `config.yaml` is one, and nothing else has to be told about it.
 *
 * @module
 */
import { join, resolve, toFileUrl } from "@std/path";
import { suggestion } from "./nearest.ts";
import type { Recipe } from "./recipe.ts";
import { UsageError } from "./usage_error.ts";

/** The names of the recipes in a folder, sorted. */
export function recipeNames(folder: string): string[] {
  const names: string[] = [];
  for (const entry of Deno.readDirSync(folder)) {
    const isRecipe = ["recipe.ts", "config.yaml"].every((file) => isFile(join(folder, entry.name, file)));
    if (isRecipe) names.push(entry.name);
  }
  return names.sort();
}

/** The path of a recipe's own config file. */
export function configPath(folder: string, name: string): string {
  return join(folder, name, "config.yaml");
}

/**
 * Imports a recipe by its name.
 *
 * @throws {UsageError} If there is none of that name; the nearest one is suggested.
 * @throws {TypeError} If its module does not export a recipe of that name.
 */
export async function loadRecipe(folder: string, name: string): Promise<Recipe> {
  const names = recipeNames(folder);
  if (!names.includes(name)) {
    throw new UsageError(`Unknown recipe "${name}"${suggestion(name, names)}`);
  }
  const { recipe } = await import(toFileUrl(resolve(folder, name, "recipe.ts")).href) as { recipe?: Recipe };
  if (typeof recipe?.run !== "function" || recipe.name !== name) {
    throw new TypeError(`Cannot use recipes/${name}/recipe.ts: expected it to export recipe with the name "${name}"`);
  }
  return recipe;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}
