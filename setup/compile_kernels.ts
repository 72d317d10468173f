/**
 * Compiles gradfold's own kernels.
 *
 * @module
 */
import { join } from "node:path";
import type { KernelSources } from "./kernels.ts";
import { type Machine, tail } from "./machine.ts";
import type { Tools } from "./tools.ts";

/** Where the sources and what is made of them stand while the engine is built. */
export const kernelsFolder = "kernels";

/**
 * Compiles the kernels into one object file. The engine works without them too, more slowly, so that a compiler that
 * cannot is no reason to stop.
 *
 * @param machine Where the compiler runs.
 * @param tools The command of the compiler.
 * @param kernels The sources.
 * @param folder The engine's folder, which holds the library with its headers.
 * @returns The object file, or undefined if the compiler failed, which is logged.
 */
export async function compileKernels(
  machine: Machine,
  tools: Tools,
  kernels: KernelSources,
  folder: string,
): Promise<string | undefined> {
  const sources = join(folder, kernelsFolder);
  await Deno.mkdir(sources);
  for (const [name, text] of kernels.files) await Deno.writeTextFile(join(sources, name), text);
  const object = join(sources, "kernels.o");
  const files = [...kernels.files.keys()].filter((name) => name.endsWith(".cc")).map((name) => join(sources, name));
  const include = `-I${join(folder, "tensorflow", "include")}`;
  const command = [...tools.compiler, ...kernelFlags(machine), include, "-r", "-nostdlib", ...files, "-o", object];
  const outcome = await machine.run(command);
  if (outcome?.code === 0) return object;
  machine.log(
    `Cannot compile the kernels: ${
      tools.compiler.join(" ")
    } ended with status ${outcome?.code}; going on without them, ` +
      `which makes training about a third slower. Its last lines:\n${tail(outcome?.output ?? "")}`,
  );
}

/** How to compile them: for any processor of the last ten years, which the kernels check when they are loaded. */
function kernelFlags({ arch }: Machine): string[] {
  const processor = arch === "x86_64" ? ["-mavx2", "-mfma"] : [];
  return ["-O3", "-fno-math-errno", "-ffp-contract=fast", "-std=c++17", "-fPIC", "-pthread", ...processor];
}
