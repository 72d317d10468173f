/**
 * A machine without pip, a compiler or a network, for the tests of setup.
 *
 * @module
 */
import { join } from "node:path";
import type { Machine, Outcome } from "../../setup/machine.ts";
import type { Places } from "../../setup/places.ts";

/** A machine on which pip and g++ do what they should, or what `answers` says for a command's start or an option. */
export function machine(
  answers: Record<string, Outcome | undefined> = {},
  more: Partial<Machine> = {},
): Machine & { readonly commands: string[]; readonly lines: string[] } {
  const commands: string[] = [];
  const lines: string[] = [];
  const run = async (command: readonly string[]): Promise<Outcome | undefined> => {
    commands.push(command.join(" "));
    for (const [part, outcome] of Object.entries(answers)) {
      const said = commands.at(-1)!;
      if (part.startsWith("-") ? said.includes(part) : said.startsWith(part)) return outcome;
    }
    if (command.includes("--target")) {
      const library = join(command[command.indexOf("--target") + 1]!, "tensorflow");
      await Deno.mkdir(join(library, "python"), { recursive: true });
      await Deno.writeTextFile(join(library, "libtensorflow_cc.so.2"), "library");
    } else if (command.includes("-o")) {
      await Deno.writeTextFile(command.at(-1)!, "addon");
    }
    return { code: 0, output: "" };
  };
  return {
    os: "linux",
    arch: "x86_64",
    env: () => undefined,
    run,
    log: (line: string) => lines.push(line),
    ...more,
    commands,
    lines,
  };
}

/** Runs a test with empty folders for the cache and the packages. */
export async function withPlaces(run: (places: Places) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const places = {
    cache: join(folder, "cache"),
    binding: join(folder, "node_modules", "binding"),
    headers: join(folder, "node_modules", "headers"),
    kernels: { files: new Map([["a.cc", "int a;"], ["a.h", ""]]), version: "cafe0123" },
  };
  await Deno.mkdir(join(places.binding, "binding"), { recursive: true });
  await Deno.writeTextFile(join(places.binding, "binding", "tfjs_binding.cc"), "");
  try {
    await run(places);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The names of what a folder holds, sorted. */
export async function names(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of Deno.readDir(folder)) found.push(name);
  return found.sort();
}
