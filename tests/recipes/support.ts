import { fromFileUrl } from "@std/path";
import { main } from "../../recipes/main.ts";
import type { Terminal } from "../../recipes/runner/terminal.ts";

/** The folder of recipes that only the tests of the runner run. */
export const FIXTURES: string = fromFileUrl(new URL("./fixtures/", import.meta.url));

/** A terminal that remembers what it was shown. */
export interface Recorder extends Terminal {
  readonly printed: string[];
  readonly errors: string[];
  readonly written: string[];
}

/** Makes a terminal that remembers; without a width it is none. */
export function recorder(columns?: number): Recorder {
  const printed: string[] = [];
  const errors: string[] = [];
  const written: string[] = [];
  return {
    printed,
    errors,
    written,
    terminal: columns !== undefined,
    columns: () => columns ?? 80,
    write: (text) => void written.push(text),
    print: (line) => void printed.push(line),
    printError: (line) => void errors.push(line),
  };
}

/** Runs the command line on the test recipes, in this process, with a checkpoint at every offer. */
export async function runMain(args: readonly string[], folder: string): Promise<Recorder & { status: number }> {
  const terminal = recorder();
  const status = await main(args, { recipes: FIXTURES, runs: `${folder}/runs`, terminal, checkpointSeconds: 0 });
  return { ...terminal, status };
}

/** Runs a test body with a folder of its own, which is removed after. */
export async function withFolder(body: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync();
  try {
    await body(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Reads a JSON file. */
// deno-lint-ignore no-explicit-any -- tests look into whatever the run wrote
export function readJson(path: string): any {
  return JSON.parse(Deno.readTextFileSync(path));
}
