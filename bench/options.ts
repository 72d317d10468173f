/**
 * The command lines of the benches.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import type { BackendName } from "../core/mod.ts";
import { suggestion } from "../recipes/runner/nearest.ts";
import { UsageError } from "../recipes/runner/usage_error.ts";
import { type EncoderName, encoderNames, type MethodName, methodNames } from "./cases.ts";

/** What to measure. */
export interface BenchOptions {
  readonly encoders: readonly EncoderName[];
  readonly methods: readonly MethodName[];
  readonly batches: readonly number[];
  readonly chunks: readonly number[];
  readonly backend?: BackendName;
  /** The folder of the results. */
  readonly out: string;
  /** Points that are expected to take more bytes are left out. */
  readonly limit: number;
}

/** The engines. */
export const engineNames = ["tensorflow", "wasm", "webgpu", "cpu"] as const satisfies readonly BackendName[];
const names = ["encoder", "methods", "batches", "chunks", "backend", "out", "limit"] as const;

/**
 * Reads the options of a sweep.
 *
 * @param args The command line.
 * @param defaults What is measured if nothing is said.
 * @throws {UsageError} If an option is unknown or has an impossible value.
 */
export function parseBenchOptions(
  args: readonly string[],
  defaults: Pick<BenchOptions, "batches" | "chunks">,
): BenchOptions {
  const given = readOptions(args, names);
  return {
    encoders: given.encoder === undefined ? encoderNames : pickAll("encoder", given.encoder, encoderNames),
    methods: given.methods === undefined ? methodNames : pickAll("methods", given.methods, methodNames),
    batches: given.batches === undefined ? defaults.batches : counts("batches", given.batches, 2),
    chunks: given.chunks === undefined ? defaults.chunks : counts("chunks", given.chunks, 1),
    ...(given.backend === undefined ? {} : { backend: pick("backend", given.backend, engineNames) }),
    out: given.out ?? "bench/results",
    limit: given.limit === undefined ? 6e9 : bytes("limit", given.limit),
  };
}

/** Reads options that all take a value. */
export function readOptions<Name extends string>(
  args: readonly string[],
  names: readonly Name[],
): { readonly [name in Name]?: string } {
  const known = names.map((name) => `--${name}`);
  const { _: more, ...given } = parseArgs([...args], {
    string: [...names],
    unknown: (arg) => {
      const option = arg.replace(/=.*$/s, "");
      if (known.includes(option)) throw new UsageError(`Option ${option} needs a value`);
      throw new UsageError(`Unknown option ${option}${suggestion(option, known)}`);
    },
  });
  for (const [name, value] of Object.entries(given)) {
    if (value === "") throw new UsageError(`Option --${name} needs a value`);
  }
  if (more.length > 0) throw new UsageError(`Unknown option ${more[0]}${suggestion(String(more[0]), known)}`);
  return given as { readonly [name in Name]?: string };
}

/** One of several words. */
export function pick<Word extends string>(option: string, text: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === text);
  if (found === undefined) throw new UsageError(`Cannot use --${option} ${text}${suggestion(text, words)}`);
  return found;
}

/** Some of several words, with commas between them, each once. */
export function pickAll<Word extends string>(option: string, text: string, words: readonly Word[]): readonly Word[] {
  return [...new Set(text.split(",").map((word) => pick(option, word, words)))];
}

/** Positive integers with commas between them, each once, smallest first. */
export function counts(option: string, text: string, least: number): readonly number[] {
  return [...new Set(text.split(",").map((word) => count(option, word, least)))].sort((a, b) => a - b);
}

/** A positive integer. */
export function count(option: string, text: string, least: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(value >= least && Number.isSafeInteger(value))) {
    throw new UsageError(`Cannot use --${option} ${text}: expected an integer of at least ${least}`);
  }
  return value;
}

/** A number of bytes: `512MB`, `6GB`. */
function bytes(option: string, text: string): number {
  const [, size, unit] = /^(\d+(?:\.\d+)?)(MB|GB)$/.exec(text) ?? [];
  if (size === undefined) throw new UsageError(`Cannot use --${option} ${text}: expected a size such as 512MB or 6GB`);
  return Number(size) * (unit === "GB" ? 1e9 : 1e6);
}
