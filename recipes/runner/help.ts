/**
 * What `deno task recipe` says when it runs nothing.
 *
 * @module
 */
import { readConfigFile } from "./config_file.ts";
import { configKeys, schemaOf } from "./keys.ts";
import type { Recipe } from "./recipe.ts";
import { loadRecipe, recipeNames } from "./registry.ts";
import { isValues, type Values } from "./settings.ts";
import { formatTable } from "./table.ts";

const OPTIONS = [
  ["--set key=value", "override a key, with dots for nested ones; may be repeated"],
  ["--config file.yaml", "read this file instead of the recipe's config.yaml, such as that of an earlier run"],
  ["--seed number", "where all randomness comes from (0)"],
  ["--out folder", "the run folder, new or empty (runs/<recipe>-<number>)"],
  ["--backend name", "the engine: tensorflow, wasm, webgpu or cpu (the best that starts)"],
  ["--resume folder", "go on with a run that was stopped, as it was begun, where its last checkpoint is"],
  ["--smoke", "the whole path in under a minute, on little data"],
  ["--help", "with a recipe, explain its keys"],
] as const;

/** Letters of the longest record that stands in a table as a whole. */
const WIDEST = 60;

/** The recipes with a line each. */
export async function listText(folder: string): Promise<string> {
  const rows = await Promise.all(
    recipeNames(folder).map(async (name) => {
      try {
        return [name, (await loadRecipe(folder, name)).summary];
      } catch (error) {
        return [name, `cannot be loaded: ${(error as Error).message.split("\n")[0]}`];
      }
    }),
  );
  const recipes = rows.length > 0 ? formatTable([], rows, { indent: "  " }) : "  none yet";
  return `Recipes:\n${recipes}\n\n${usage("<recipe>")}`;
}

/** Every key of a recipe with the value from its config file and its meaning. */
export function recipeText(recipe: Recipe, file: string): string {
  const { values } = readConfigFile(file, recipe.name);
  const rows = configKeys(schemaOf(recipe.config)).map(({ name, meaning, expected, fallback }) => {
    const value = valueAt(values, name) ?? fallback;
    return [name, value === undefined ? "" : shown(value), `${meaning} (${expected})`];
  });
  // Values to the left, like words: they are of all kinds.
  const keys = formatTable(["key", "value", "meaning"], rows, { indent: "  " });
  const smoke = leaves(recipe.smoke as Values).map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(" ");
  return `${recipe.name}: ${recipe.summary}\n\n${usage(recipe.name)}\n\nKeys, with their values in ${file}:\n${keys}` +
    (smoke === "" ? "" : `\n\n--smoke sets ${smoke}`);
}

/** A value as text; a record that takes more than a line's worth by its names, for the file says the rest. */
function shown(value: unknown): string {
  const text = String(JSON.stringify(value));
  if (text.length <= WIDEST || !isValues(value)) return text;
  const names = Object.keys(value);
  return `${names.length} entries, from ${names[0]}`;
}

function usage(recipe: string): string {
  const lines = [`Usage: deno task recipe ${recipe} [options]`, "       deno task recipe --resume <run folder>"];
  return [...lines, formatTable([], OPTIONS, { indent: "  " })].join("\n");
}

function valueAt(values: Values, name: string): unknown {
  return name.split(".").reduce<unknown>((at, part) => isValues(at) ? at[part] : undefined, values);
}

function leaves(values: Values, prefix = ""): [string, unknown][] {
  return Object.entries(values).flatMap(([name, value]): [string, unknown][] =>
    isValues(value) ? leaves(value, `${prefix}${name}.`) : [[prefix + name, value]]
  );
}
