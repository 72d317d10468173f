/**
 * Reads the command line.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import type { BackendName } from "../../core/backend.ts";
import { suggestion } from "./nearest.ts";
import { UsageError } from "./usage_error.ts";

/** What the command line asks for. */
export interface Arguments {
  /** The recipe to run; without one, recipes are listed. */
  readonly recipe?: string;
  /** Whether to explain instead of running. */
  readonly help: boolean;
  /** Whether to run the short version. */
  readonly smoke: boolean;
  /** Overrides, `key=value` each, in order. */
  readonly set: readonly string[];
  /** A file that stands in for the recipe's config.yaml. */
  readonly config?: string;
  /** The seed, if given. */
  readonly seed?: number;
  /** The run folder, if given. */
  readonly out?: string;
  /** The engine, if given. */
  readonly backend?: BackendName;
  /** The run folder to go on with, if given. */
  readonly resume?: string;
}

const ENGINES = ["tensorflow", "wasm", "webgpu", "cpu"] as const satisfies readonly BackendName[];
const OPTIONS = ["--seed", "--set", "--config", "--out", "--backend", "--resume", "--smoke", "--help"];

/**
 * Parses the arguments of `deno task recipe`.
 *
 * @throws {UsageError} If an option is unknown, lacks its value or has an impossible one.
 */
export function parseArguments(args: readonly string[]): Arguments {
  const parsed = parseArgs(joinNegatives(args), {
    boolean: ["help", "smoke"],
    string: ["set", "config", "seed", "out", "backend", "resume", "_"],
    collect: ["set"],
    alias: { h: "help" },
    unknown: refuseUnknown(OPTIONS),
  });
  const [recipe, ...more] = parsed._.map(String);
  if (more.length > 0) {
    throw new UsageError(`Cannot run "${[recipe, ...more].join(" ")}": expected the name of one recipe`);
  }
  for (const option of ["config", "seed", "out", "backend", "resume"] as const) {
    if (parsed[option] === "") throw new UsageError(`Option --${option} needs a value`);
  }
  if (parsed.set.includes("")) throw new UsageError("Option --set needs a value such as --set key=value");
  if (parsed.resume !== undefined) {
    const others = OPTIONS.filter((option) => option !== "--resume" && option !== "--help");
    const beside = others.find((option) => isGiven(parsed[option.slice(2)]));
    if (beside !== undefined) {
      throw new UsageError(`Cannot use ${beside} beside --resume: a run goes on as it was begun`);
    }
  }
  return {
    help: parsed.help,
    smoke: parsed.smoke,
    set: parsed.set,
    ...(recipe !== undefined && { recipe }),
    ...(parsed.config !== undefined && { config: parsed.config }),
    ...(parsed.out !== undefined && { out: parsed.out }),
    ...(parsed.seed !== undefined && { seed: parseSeed(parsed.seed) }),
    ...(parsed.backend !== undefined && { backend: parseEngine(parsed.backend) }),
    ...(parsed.resume !== undefined && { resume: parsed.resume }),
  };
}

function isGiven(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
}

/** What `parseArgs` asks about arguments that it does not know: options are refused, and the nearest one is suggested. */
export function refuseUnknown(options: readonly string[]): (arg: string, name?: string) => boolean {
  return (arg, name) => {
    // Called for positional arguments too, then without a name.
    if (name === undefined) return true;
    const option = arg.replace(/=.*$/s, "");
    // What ends with = is taken for an option of that name.
    if (options.includes(option)) throw new UsageError(`Option ${option} needs a value`);
    throw new UsageError(`Unknown option ${option}${suggestion(option, options)}`);
  };
}

/** Writes `--seed -1` as `--seed=-1`: otherwise -1 would be read as an option, and the error would not name the seed. */
function joinNegatives(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const option = joined.at(-1);
    if (/^-\d/.test(arg) && OPTIONS.includes(option ?? "")) joined[joined.length - 1] = `${option}=${arg}`;
    else joined.push(arg);
  }
  return joined;
}

function parseSeed(text: string): number {
  const seed = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(seed)) {
    throw new UsageError(`Cannot use --seed ${text}: expected an integer from 0 to 2^53 - 1`);
  }
  return seed;
}

function parseEngine(text: string): BackendName {
  const engine = ENGINES.find((name) => name === text);
  if (engine === undefined) throw new UsageError(`Unknown engine "${text}"${suggestion(text, ENGINES)}`);
  return engine;
}
