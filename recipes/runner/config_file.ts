/**
 * Reads config files, and writes the record of a run so that it can be read back as one.
 *
 * @module
 */
import { parse, stringify } from "@std/yaml";
import { reasonOf } from "./file_errors.ts";
import { isValues, type Values } from "./settings.ts";
import { UsageError } from "./usage_error.ts";
import { yamlProblem } from "./yaml_problem.ts";

/** What stands in a run folder's config.yaml, enough to run the same again. */
export interface RunRecord {
  readonly recipe: string;
  readonly seed: number;
  readonly smoke: boolean;
  readonly engine: string;
  /** Versions of what computed the results. */
  readonly versions: { readonly [name: string]: string };
  /** The resolved config. */
  readonly config: Values;
}

/** What a config file holds. */
export interface ConfigFile {
  readonly values: Values;
  /** The seed, if the file is the record of a run. */
  readonly seed?: number;
}

/**
 * Reads a config file: a recipe's own, or the record that a run left in its folder.
 *
 * @throws {UsageError} If it cannot be read, is malformed, or is the record of another recipe's run.
 */
export function readConfigFile(path: string, recipe: string): ConfigFile {
  const content = readYaml(path);
  if (!isValues(content)) throw new UsageError(`Cannot use ${path}: expected keys with values`);
  if (!("recipe" in content) || !isValues(content.config)) return { values: content };
  if (content.recipe !== recipe) {
    throw new UsageError(`Cannot use ${path}: it records a run of "${content.recipe}", expected one of "${recipe}"`);
  }
  const { seed } = content;
  if (!Number.isSafeInteger(seed) || (seed as number) < 0) {
    throw new UsageError(`Cannot use ${path}: seed is ${JSON.stringify(seed)}, expected an integer from 0 to 2^53 - 1`);
  }
  return { values: content.config, seed: seed as number };
}

/**
 * Reads the record of a run.
 *
 * @throws {UsageError} If the file cannot be read, or is none.
 */
export function readRecord(path: string): RunRecord {
  const content = readYaml(path);
  const { recipe, seed, smoke, engine, versions, config } = isValues(content) ? content : {};
  const whole = typeof recipe === "string" && Number.isSafeInteger(seed) && typeof smoke === "boolean" &&
    typeof engine === "string" && isValues(versions) && isValues(config);
  if (!whole) throw new UsageError(`Cannot use ${path}: expected the record of a run`);
  return content as unknown as RunRecord;
}

/** Writes the record of a run as YAML. */
export function formatRecord(record: RunRecord, folder: string): string {
  const again = `deno task recipe ${record.recipe} --config ${folder}/config.yaml`;
  return `# The resolved config of a run. The same again: ${again}\n` +
    `# To go on where it was stopped: ${resumeCommand(folder)}\n${stringify(record, { lineWidth: -1 })}`;
}

/** What to type to go on with a run. */
export function resumeCommand(folder: string): string {
  return `deno task recipe --resume ${folder}`;
}

function readYaml(path: string): unknown {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    throw new UsageError(`Cannot read ${path}: ${reasonOf(error)}`);
  }
  try {
    return parse(text);
  } catch (error) {
    const { line, reason } = yamlProblem(error);
    throw new UsageError(`Cannot read ${path}${line ? `, line ${line}` : ""}: malformed YAML, ${reason}`);
  }
}
