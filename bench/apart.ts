/**
 * Measures in processes of their own.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";

/** What a process printed, or why it failed. */
export type Apart = { readonly output: string } | { readonly failure: string };

/** Runs a file of this folder in a new process, with its options as `--name=value`. */
export function runApart(file: string, options: { readonly [name: string]: string | number | undefined }): Apart {
  const permissions = ["--allow-read", "--allow-env", "--allow-ffi"];
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const { success, signal, stdout, stderr } = new Deno.Command(denoCommand(), {
    args: [
      "run",
      ...permissions,
      fromFileUrl(new URL(file, import.meta.url)),
      ...given.map(([name, value]) => `--${name}=${value}`),
    ],
  }).outputSync();
  if (success) return { output: new TextDecoder().decode(stdout) };
  const said = new TextDecoder().decode(stderr).trim().split("\n").findLast((line) => line.startsWith("error: "));
  return { failure: signal ? `its process was ended by ${signal}` : said ?? "its process failed" };
}

/** This Deno by its path, or by its name where only that may be run. */
function denoCommand(): string {
  const path = Deno.execPath();
  return Deno.permissions.querySync({ name: "run", command: path }).state === "granted" ? path : "deno";
}
