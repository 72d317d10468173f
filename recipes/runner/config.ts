/**
 * Makes a recipe's config: the file, then the smoke overrides, then those of the command line, then validation.
 *
 * @module
 */
import type { z } from "zod";
import { readConfigFile } from "./config_file.ts";
import { configKeys, expectation, nodeAt, type SchemaNode, schemaOf } from "./keys.ts";
import { suggestion } from "./nearest.ts";
import type { Recipe } from "./recipe.ts";
import { applySetting, isValues, merge, parseSetting, type Values } from "./settings.ts";
import { UsageError } from "./usage_error.ts";

/** Where a config comes from. */
export interface ConfigSources {
  /** The config file. */
  readonly file: string;
  /** Whether to apply the recipe's smoke overrides. */
  readonly smoke?: boolean;
  /** Overrides, `key=value` each, in order. */
  readonly set?: readonly string[];
}

/** A validated config. */
export interface ResolvedConfig {
  /** All keys with their values, as the schema returns them. */
  readonly config: Values;
  /** The seed of the run whose record the file is, if it is one. */
  readonly seed?: number;
}

/**
 * Reads, overrides and validates the config of a recipe.
 *
 * @throws {UsageError} If the file cannot be read or a key is unknown, missing or has an impossible value.
 */
export function resolveConfig(recipe: Recipe, { file, smoke = false, set = [] }: ConfigSources): ResolvedConfig {
  const { values, seed } = readConfigFile(file, recipe.name);
  const settings = set.map(parseSetting);
  const overridden = merge(values, smoke ? recipe.smoke as Values : {});
  const complete = settings.reduce<Values>((all, setting) => applySetting(all, setting), overridden);
  const parsed = recipe.config.safeParse(complete);
  if (!parsed.success) {
    const sourceOf = (path: readonly PropertyKey[]): string => {
      const set = settings.some((setting) => setting.path.every((name, i) => name === path[i]));
      return set ? "--set" : smoke && has(recipe.smoke, path) ? "--smoke" : file;
    };
    throw new UsageError(explain(parsed.error.issues, complete, schemaOf(recipe.config), sourceOf));
  }
  return { config: parsed.data, ...(seed !== undefined && { seed }) };
}

/** One line for all that is wrong, grouped by where it was given. */
function explain(
  issues: readonly z.core.$ZodIssue[],
  values: Values,
  schema: SchemaNode,
  sourceOf: (path: readonly PropertyKey[]) => string,
): string {
  const bySource = new Map<string, string[]>();
  const add = (path: readonly PropertyKey[], sentence: string): void => {
    const source = sourceOf(path);
    bySource.set(source, [...bySource.get(source) ?? [], sentence]);
  };
  const names = configKeys(schema).map(({ name }) => name);
  for (const issue of issues) {
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) {
        const path = [...issue.path, key];
        add(path, `unknown key "${dotted(path)}"${suggestion(dotted(path), names, "the keys are")}`);
      }
      continue;
    }
    const value = at(values, issue.path);
    const problem = issue.code === "custom" ? issue.message : `expected ${expectation(nodeAt(schema, issue.path))}`;
    const stated = value === undefined ? "missing" : JSON.stringify(value);
    add(issue.path, issue.path.length === 0 ? problem : `${dotted(issue.path)} is ${stated}, ${problem}`);
  }
  return [...bySource].map(([source, problems], i) =>
    `${i === 0 ? "C" : "c"}annot use ${source}: ${problems.join("; ")}`
  )
    .join("; ");
}

/** A path as in `model.sizes[2]`. */
function dotted(path: readonly PropertyKey[]): string {
  return path.map((step) => typeof step === "number" ? `[${step}]` : `.${String(step)}`).join("").replace(/^\./, "");
}

function at(values: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, step) => value === null || value === undefined ? value : (value as Record<PropertyKey, unknown>)[step],
    values,
  );
}

function has(overrides: unknown, path: readonly PropertyKey[]): boolean {
  const [step, ...rest] = path;
  if (step === undefined) return true;
  return isValues(overrides) ? step in overrides && has(overrides[String(step)], rest) : true;
}
