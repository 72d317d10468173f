/**
 * Values laid over values: `--set` options and smoke overrides.
 *
 * @module
 */
import { parse } from "@std/yaml";
import { UsageError } from "./usage_error.ts";
import { yamlProblem } from "./yaml_problem.ts";

/** Values by name, nested where a value is itself such a record. */
export type Values = { readonly [name: string]: unknown };

/** One `--set key=value`, read. */
export interface Setting {
  /** The names that lead to the value, outermost first. */
  readonly path: readonly string[];
  /** The value as YAML reads it. */
  readonly value: unknown;
}

/** Whether a value is a record of further values, rather than a scalar or a list. */
export function isValues(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/**
 * Reads one `--set` option, `key=value` with dots in the key for nested values and a YAML value.
 *
 * @throws {UsageError} If there is no `=`, a name is empty or the value is not YAML.
 */
export function parseSetting(text: string): Setting {
  const [, key, source] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  const path = key?.trim().split(".") ?? [];
  if (source === undefined || path.some((name) => name === "")) {
    throw new UsageError(`Cannot read --set ${text}: expected key=value, with dots in the key for nested keys`);
  }
  try {
    return { path, value: parse(source) };
  } catch (error) {
    throw new UsageError(
      `Cannot read --set ${text}: the value is malformed YAML, ${yamlProblem(error).reason}; a text may be quoted`,
    );
  }
}

/**
 * Returns the values with one of them replaced or added.
 *
 * @throws {UsageError} If the path leads through a value that has no names in it.
 */
export function applySetting(values: Values, { path, value }: Setting, done: readonly string[] = []): Values {
  const [name, ...rest] = path as [string, ...string[]];
  if (rest.length === 0) return { ...values, [name]: value };
  const here = [...done, name];
  const inner = values[name] ?? {};
  if (!isValues(inner)) {
    const full = [...done, ...path].join(".");
    throw new UsageError(`Cannot use --set: ${full} is no key, ${here.join(".")} is ${JSON.stringify(inner)}`);
  }
  return { ...values, [name]: applySetting(inner, { path: rest, value }, here) };
}

/** Lays overrides over values: records are merged name by name, everything else is replaced. */
export function merge(values: Values, overrides: Values): Values {
  const merged: Record<string, unknown> = { ...values };
  for (const [name, value] of Object.entries(overrides)) {
    if (value === undefined) continue;
    const old = merged[name];
    merged[name] = isValues(old) && isValues(value) ? merge(old, value) : value;
  }
  return merged;
}
