/**
 * Measures in processes of their own.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";

/** What a process printed, or why it failed. */
export type Apart = { readonly output: string } | { readonly failure: string };

/** Options of a file that is run, given as `--name=value`. */
export interface ApartOptions {
  readonly [name: string]: string | number | undefined;
}

/** Runs a file of this folder in a new process. */
export function runApart(file: string, options: ApartOptions): Apart {
  const permissions = ["--allow-read", "--allow-env", "--allow-ffi"];
  return runCommand(denoCommand(), [
    "run",
    ...permissions,
    fromFileUrl(new URL(file, import.meta.url)),
    ...optionArguments(options),
  ]);
}

/** Options as arguments, without those that have no value. */
export function optionArguments(options: ApartOptions): string[] {
  return Object.entries(options).flatMap(([name, value]) => value === undefined ? [] : `--${name}=${value}`);
}

/**
 * Runs a command to its end.
 *
 * @throws {Deno.errors.NotFound} If there is no such command.
 */
export function runCommand(command: string, args: readonly string[]): Apart {
  // What it says in colours would not be found.
  const options = { args: [...args], env: { NO_COLOR: "1" } };
  const { success, signal, stdout, stderr } = new Deno.Command(command, options).outputSync();
  if (success) return { output: new TextDecoder().decode(stdout) };
  const lines = new TextDecoder().decode(stderr).trim().split("\n");
  const said = lines.findLast((line) => line.startsWith("error: ")) ?? lines.at(-1);
  return { failure: signal ? `its process was ended by ${signal}` : said || "its process failed" };
}

/** This Deno by its path, or by its name where only that may be run. */
function denoCommand(): string {
  const path = Deno.execPath();
  return Deno.permissions.querySync({ name: "run", command: path }).state === "granted" ? path : "deno";
}
