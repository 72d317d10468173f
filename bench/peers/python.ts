/**
 * Runs the Python side of the comparison.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";
import { z } from "zod";
import { type ApartOptions, optionArguments, runCommand } from "../apart.ts";
import { encoderNames } from "../cases.ts";

/** A Python, and which of the modules that we ask for it has. */
export interface Python {
  readonly command: string;
  readonly modules: readonly string[];
}

const PEER_POINT = z.object({
  encoder: z.enum(encoderNames),
  method: z.enum(["full", "cached"]),
  batch: z.int().positive(),
  chunk: z.int().positive(),
  parameters: z.int().positive(),
  rssAboveBase: z.number(),
  ms: z.number().positive(),
  torch: z.string(),
  threads: z.int().positive(),
  mkl: z.boolean(),
});

/** What a step takes in PyTorch, as `point.py` prints it. */
export type PeerPoint = z.infer<typeof PEER_POINT>;

/** Python under its usual names. */
const COMMANDS = ["python3", "python"];
const MODULES = ["torch", "sentence_transformers", "pytorch_metric_learning"];

/**
 * Looks for a Python that has PyTorch and what else is needed.
 *
 * @param needed A library beside PyTorch, as pip knows it.
 * @param run Runs a command.
 * @returns It, or what to install.
 */
export function findPython(
  { needed, run = runCommand }: { readonly needed?: string; readonly run?: typeof runCommand } = {},
): Python | { readonly failure: string } {
  const ask = `import importlib.util as u; print(*[m for m in ${JSON.stringify(MODULES)} if u.find_spec(m)])`;
  const found: Python[] = COMMANDS.flatMap((command) => {
    try {
      const answer = run(command, ["-c", ask]);
      return "output" in answer ? { command, modules: answer.output.trim().split(" ") } : [];
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      return [];
    }
  });
  const libraries = ["torch", ...needed === undefined ? [] : [needed]];
  const missing = ({ modules }: Python) => libraries.filter((name) => !modules.includes(moduleOf(name)));
  const able = found.find((python) => missing(python).length === 0);
  if (able) return able;
  const [first] = found;
  if (!first) {
    const install = `install Python and then PyTorch with "pip install ${libraries.join(" ")}"`;
    return { failure: `there is no ${COMMANDS.join(" or ")}; ${install}` };
  }
  const [module] = missing(first).map(moduleOf);
  return {
    failure: `${first.command} has no module ${module}; install it with "pip install ${missing(first).join(" ")}"`,
  };
}

/** The module of a library. */
function moduleOf(library: string): string {
  return library.replaceAll("-", "_");
}

/** Runs a file of this folder in a new process; returns its point, or why there is none. */
export function runPython(python: Python, file: string, options: ApartOptions): PeerPoint | { failure: string };
export function runPython<T>(
  python: Python,
  file: string,
  options: ApartOptions,
  schema: z.ZodType<T>,
): T | { failure: string };
export function runPython(python: Python, file: string, options: ApartOptions, schema: z.ZodType = PEER_POINT) {
  const path = fromFileUrl(new URL(file, import.meta.url));
  const found = runCommand(python.command, ["-B", "-W", "ignore", path, ...optionArguments(options)]);
  return "failure" in found ? found : readPoint(found.output, schema);
}

/** Reads the last line that the Python side printed. */
export function readPeerPoint(output: string): PeerPoint | { failure: string } {
  return readPoint(output, PEER_POINT);
}

function readPoint<T>(output: string, schema: z.ZodType<T>): T | { failure: string } {
  const line = output.trimEnd().split("\n").at(-1)!;
  try {
    return schema.parse(JSON.parse(line));
  } catch {
    return { failure: `it printed "${line.slice(0, 80)}", expected a point` };
  }
}
