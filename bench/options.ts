/**
 * The command lines of the benches.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { type BackendName, parseBytes } from "../core/mod.ts";
import { suggestion } from "../recipes/runner/nearest.ts";
import { UsageError } from "../recipes/runner/usage_error.ts";
import { type EncoderName, encoderNames, type MethodName, methodNames } from "./cases.ts";

/** What to measure. */
export interface BenchOptions {
  readonly encoders: readonly EncoderName[];
  readonly methods: readonly MethodName[];
  readonly batches: readonly number[];
  /** Sizes of the chunks of accumulated and cached steps. */
  readonly chunks: readonly number[];
  /** Budgets of planned steps, as parts of the full batch's peak. */
  readonly shares: readonly number[];
  /** How often a step is timed. */
  readonly rounds: number;
  readonly backend?: BackendName;
  /** The folder of the results. */
  readonly out: string;
  /** Points that are expected to take more bytes are left out. */
  readonly limit: number;
}

/** The engines. */
export const engineNames = ["tensorflow", "wasm", "webgpu", "cpu"] as const satisfies readonly BackendName[];
const names = ["encoder", "methods", "batches", "chunks", "budgets", "rounds", "backend", "out", "limit"] as const;

/**
 * Reads the options of a sweep.
 *
 * @param args The command line.
 * @param defaults What is measured if nothing is said.
 * @throws {UsageError} If an option is unknown or has an impossible value.
 */
export function parseBenchOptions(
  args: readonly string[],
  defaults: Pick<BenchOptions, "methods" | "batches" | "chunks" | "shares" | "rounds">,
): BenchOptions {
  const given = readOptions(args, names);
  const methods = given.methods === undefined ? defaults.methods : pickAll("methods", given.methods, methodNames);
  if (methods.includes("planned") && !methods.includes("full")) {
    throw new UsageError("Cannot use --methods planned without full: its budgets are parts of the full batch's peak");
  }
  return {
    encoders: given.encoder === undefined ? encoderNames : pickAll("encoder", given.encoder, encoderNames),
    // The full batch comes first, since its peak gives the budgets.
    methods: methodNames.filter((name) => methods.includes(name)),
    batches: given.batches === undefined ? defaults.batches : counts("batches", given.batches, 2),
    chunks: given.chunks === undefined ? defaults.chunks : counts("chunks", given.chunks, 1),
    shares: given.budgets === undefined
      ? defaults.shares
      : counts("budgets", given.budgets, 1).map((percent) => percent / 100),
    rounds: given.rounds === undefined ? defaults.rounds : count("rounds", given.rounds, 1),
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

/** The value of an option that must be given. */
export function need<Name extends string>(given: { readonly [name in Name]?: string }, name: Name): string {
  const value = given[name];
  if (value === undefined) throw new UsageError(`Option --${name} is missing`);
  return value;
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

/** An amount of memory. */
function bytes(option: string, text: string): number {
  const value = parseBytes(text);
  if (value === undefined) throw new UsageError(`Cannot use --${option} ${text}: expected a size such as 512MB or 6GB`);
  return value;
}
