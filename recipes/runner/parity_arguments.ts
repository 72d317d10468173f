/**
 * Reads the command line of `deno task parity`.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { type Arguments, parseArguments, refuseUnknown } from "./arguments.ts";
import { UsageError } from "./usage_error.ts";

/** What the command line asks for. */
export interface ParityArguments extends Omit<Arguments, "out"> {
  /** Whether to print one JSON document instead of tables. */
  readonly json: boolean;
  /** The largest relative L2 distance that passes, if given. */
  readonly tolerance?: number;
  /** Chunk sizes, if given. */
  readonly chunkSizes?: readonly number[];
  /** How many chunks stay on the tape, if given. */
  readonly keeps?: readonly number[];
}

const COMMON = ["config", "seed", "backend"] as const;
const OPTIONS = ["chunk", "keep", "tolerance", "json", "set", ...COMMON, "smoke", "help"].map((name) => `--${name}`);

/** What `--help` prints. */
export const PARITY_HELP = `Compares a recipe's chunked gradients with those of the whole batch on one tape:
deno task parity <recipe> [options]

  --chunk 8,32         examples in a chunk; what the recipe suggests if left out
  --keep 0,2           chunks of each input that stay on the tape
  --tolerance 1e-5     largest relative L2 distance of a group's gradient that passes
  --json               print one JSON document with all parameters
  --set key=value      override a key of the config, such as memory=64MB for gradcache; may be repeated
  --config file.yaml   use this config instead of the recipe's
  --seed 0             where parameters, batch and dropout are drawn from
  --backend wasm       the engine; the best that starts if left out
  --smoke              use the recipe's small sizes

Exit status: 0 if all gradients are within the tolerance, 1 if one is not, 2 if the request cannot be met`;

/**
 * Parses the arguments of `deno task parity`.
 *
 * @throws {UsageError} If an option is unknown, lacks its value or has an impossible one.
 */
export function parseParityArguments(args: readonly string[]): ParityArguments {
  const parsed = parseArgs([...args], {
    boolean: ["json", "help", "smoke"],
    string: ["chunk", "keep", "tolerance", "set", ...COMMON, "_"],
    collect: ["set"],
    alias: { h: "help" },
    unknown: refuseUnknown(OPTIONS),
  });
  // What the recipes take as well is read as they read it.
  const common = parseArguments([
    ...parsed._.map(String),
    ...COMMON.flatMap((name) => parsed[name] === undefined ? [] : [`--${name}=${parsed[name]}`]),
    ...parsed.set.map((setting) => `--set=${setting}`),
    ...parsed.smoke ? ["--smoke"] : [],
    ...parsed.help ? ["--help"] : [],
  ]);
  return {
    ...common,
    json: parsed.json,
    ...(parsed.tolerance !== undefined && { tolerance: parseTolerance(parsed.tolerance) }),
    ...(parsed.chunk !== undefined && { chunkSizes: parseList("--chunk", parsed.chunk, 1) }),
    ...(parsed.keep !== undefined && { keeps: parseList("--keep", parsed.keep, 0) }),
  };
}

function parseTolerance(text: string): number {
  const tolerance = text.trim() === "" ? NaN : Number(text);
  if (!(tolerance >= 0)) {
    throw new UsageError(`Cannot use --tolerance ${text}: expected a number from 0 up, such as 1e-5`);
  }
  return tolerance;
}

function parseList(option: string, text: string, least: number): readonly number[] {
  const numbers = text.split(",").map((word) => /^\d+$/.test(word.trim()) ? Number(word) : NaN);
  if (!numbers.every((number) => number >= least && Number.isSafeInteger(number))) {
    throw new UsageError(`Cannot use ${option} ${text}: expected integers of at least ${least}, such as 8,32`);
  }
  return [...new Set(numbers)];
}
