/**
 * Builds an engine's folder: TensorFlow's library from its Python wheel, and the addon that binds it.
 *
 * @module
 */
import { join } from "node:path";
import { addonFile } from "../core/tensorflow.ts";
import { kernelsFolder } from "./compile_kernels.ts";
import { type Machine, tail } from "./machine.ts";
import type { Places, Variant } from "./places.ts";
import type { Tools } from "./tools.ts";

/** The Python that a wheel is asked for when the installed one has none: no Python runs, any wheel will do. */
const fallbackPython = "3.12";

/**
 * Fetches TensorFlow's wheel into a folder.
 *
 * @param machine Where pip runs.
 * @param tools The command of pip.
 * @param folder Where the wheel is unpacked.
 * @param variant The plain library, or the one for CUDA with the libraries that it needs.
 * @throws {Error} If pip fails; the message ends with what pip wrote last.
 */
export async function fetchWheel(machine: Machine, tools: Tools, folder: string, variant: Variant): Promise<void> {
  const wheel = wheelName(machine, variant);
  // CUDA's libraries are wheels of their own; nothing else that TensorFlow lists is of use without Python.
  const wanted = variant === "gpu" ? [wheel] : ["--no-deps", wheel];
  const command = [...tools.pip, "install", "--no-compile", "--retries", "0", "--target", folder];
  let outcome = await machine.run([...command, ...wanted]);
  if (outcome?.code !== 0 && /No matching distribution|from versions: none/i.test(outcome?.output ?? "")) {
    outcome = await machine.run([...command, "--only-binary=:all:", "--python-version", fallbackPython, ...wanted]);
  }
  if (outcome?.code !== 0) {
    throw new Error(
      `Cannot fetch ${wheel}: pip ended with status ${outcome?.code}. Check the network and the room on the disk ` +
        `(about 2 GB), then run setup again. Its last lines:\n${tail(outcome?.output ?? "")}`,
    );
  }
}

/** The name under which TensorFlow's library is published for a machine. */
export function wheelName({ os, arch }: Machine, variant: Variant): string {
  if (variant === "gpu") return "tensorflow[and-cuda]";
  return os === "linux" && arch === "x86_64" ? "tensorflow-cpu" : "tensorflow";
}

/** The compiler's arguments that make the addon in `folder`, beside the library's own folder. */
export function compilerArguments(
  machine: Machine,
  places: Places,
  folder: string,
  inputs: readonly string[],
): string[] {
  const library = join(folder, "tensorflow");
  const mac = machine.os === "darwin";
  const files = ["cc", "framework"].map((part) => mac ? `libtensorflow_${part}.2.dylib` : `libtensorflow_${part}.so.2`);
  return [
    ...["-O2", "-std=c++17", "-shared", "-fPIC", "-DNAPI_VERSION=8", "-DBUILDING_NODE_EXTENSION"],
    `-I${join(places.headers, "include")}`,
    `-I${places.binding.replace(/\/$/, "")}`,
    `-I${join(library, "include")}`,
    ...inputs,
    ...files.map((file) => join(library, file)),
    // Found beside the addon, wherever the folder is moved.
    `-Wl,-rpath,${mac ? "@loader_path" : "$ORIGIN"}/tensorflow`,
    ...(mac ? ["-undefined", "dynamic_lookup"] : []),
    ...["-o", join(folder, addonFile)],
  ];
}

/**
 * Compiles the package's own binding against the library in `folder`, and links gradfold's kernels into it.
 *
 * @param machine Where the compiler runs.
 * @param tools The command of the compiler.
 * @param places Where the sources and headers are.
 * @param folder The engine's folder, which holds the library.
 * @param kernels The compiled kernels, if there are any.
 * @throws {Error} If the compiler fails; the message ends with what it wrote last.
 */
export async function compileAddon(
  machine: Machine,
  tools: Tools,
  places: Places,
  folder: string,
  kernels: string | undefined,
): Promise<void> {
  const sources: string[] = [];
  for await (const { name } of Deno.readDir(join(places.binding, "binding"))) {
    if (name.endsWith(".cc")) sources.push(join(places.binding, "binding", name));
  }
  const inputs = [...sources.sort(), ...(kernels ? [kernels] : [])];
  const args = compilerArguments(machine, places, folder, inputs);
  const outcome = await machine.run([...tools.compiler, ...args]);
  if (outcome?.code !== 0) {
    throw new Error(
      `Cannot compile the binding: ${
        tools.compiler.join(" ")
      } ended with status ${outcome?.code}; it must know C++17. ` +
        `Its last lines:\n${tail(outcome?.output ?? "")}`,
    );
  }
}

/**
 * Deletes what only Python and the compiler needed: about a third of the wheel.
 *
 * @param folder The engine's folder; its libraries, licences and addon stay.
 */
export async function shrink(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (["bin", "share", kernelsFolder].includes(name)) await Deno.remove(join(folder, name), { recursive: true });
  }
  const library = join(folder, "tensorflow");
  for await (const { name } of Deno.readDir(library)) {
    if (!/^libtensorflow|NOTICES|LICENSE/.test(name)) await Deno.remove(join(library, name), { recursive: true });
  }
}
