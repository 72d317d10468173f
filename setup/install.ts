/**
 * Installs the TensorFlow engine: builds it in the cache, once, and links it into the project.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { addonFile } from "../core/tensorflow.ts";
import { compileAddon, fetchWheel, shrink } from "./build.ts";
import { compileKernels } from "./compile_kernels.ts";
import type { Machine } from "./machine.ts";
import { engineFolder, linkPath, type Places, type Variant } from "./places.ts";
import { findTools } from "./tools.ts";

/** A file that stands in an engine's folder if gradfold's kernels did not compile. */
const withoutKernels = "without-kernels";

/** How the names of unfinished folders begin. */
const partial = "partial-";

/**
 * Installs the engine, or finds it installed.
 *
 * A folder gets its final name only when it is complete, and one installation runs at a time, so that one that was
 * interrupted is simply run again: what it left is deleted first.
 *
 * @param machine Where to install.
 * @param places The cache and the packages.
 * @param variant The plain library, or the one for CUDA.
 * @returns Whether anything was built.
 * @throws {Error} If the machine is not supported, a tool is missing or fails, or a foreign addon is in the way.
 */
export async function install(machine: Machine, places: Places, variant: Variant): Promise<boolean> {
  if (machine.os !== "linux" && machine.os !== "darwin") {
    throw new Error(
      `Cannot install the tensorflow engine on ${machine.os}: Linux and macOS are supported; the wasm engine needs nothing`,
    );
  }
  await makeFolder(places.cache);
  using lock = await Deno.open(join(places.cache, "lock"), { create: true, write: true });
  // The system lets go of the lock when the process ends, however it ends.
  if (!(await lock.tryLock(true))) {
    machine.log("Another setup is running; waiting for it");
    await lock.lock(true);
  }
  await removeLeftovers(places.cache);
  const engine = engineFolder(places, variant);
  // An engine without kernels is built again: the compiler may be another one by now.
  const built = !(await exists(join(engine, addonFile))) || await exists(join(engine, withoutKernels));
  if (built) await build(machine, places, variant, engine);
  await link(engine, linkPath(places.binding));
  return built;
}

async function build(machine: Machine, places: Places, variant: Variant, engine: string): Promise<void> {
  const tools = await findTools(machine);
  const folder = await Deno.makeTempDir({ dir: places.cache, prefix: partial });
  try {
    machine.log("Fetching TensorFlow's library (about 300 MB for cpu, some GB for gpu)");
    await fetchWheel(machine, tools, folder, variant);
    machine.log("Compiling the binding");
    const kernels = await compileKernels(machine, tools, places.kernels, folder);
    await compileAddon(machine, tools, places, folder, kernels);
    if (!kernels) await Deno.writeTextFile(join(folder, withoutKernels), "");
    await shrink(folder);
    await Deno.remove(engine, { recursive: true }).catch(ignoreNotFound);
    await Deno.rename(folder, engine);
  } catch (error) {
    await Deno.remove(folder, { recursive: true }).catch(ignoreNotFound);
    throw error;
  }
}

/**
 * Deletes what interrupted installations left; call it only under the lock.
 *
 * @param cache The cache folder.
 * @returns How many folders were deleted.
 */
export async function removeLeftovers(cache: string): Promise<number> {
  let removed = 0;
  for await (const { name, isDirectory } of Deno.readDir(cache)) {
    if (!isDirectory || !name.startsWith(partial)) continue;
    await Deno.remove(join(cache, name), { recursive: true });
    removed++;
  }
  return removed;
}

/**
 * Makes `at` a link to the engine's folder.
 *
 * @param engine What to link to.
 * @param at Where the binding looks.
 * @throws {Error} If something other than a link stands there.
 */
export async function link(engine: string, at: string): Promise<void> {
  const found = await Deno.lstat(at).catch(ignoreNotFound);
  if (found && !found.isSymlink) {
    throw new Error(`Cannot link the engine: ${at} is a folder of another installation; delete it and run setup again`);
  }
  if (found && await Deno.readLink(at) === engine) return;
  await makeFolder(dirname(at));
  // A rename replaces the old link in one go.
  const fresh = `${at}.${crypto.randomUUID()}`;
  await Deno.symlink(engine, fresh);
  await Deno.rename(fresh, at);
}

async function makeFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (error) {
    throw new Error(
      `Cannot write to ${path}: ${
        error instanceof Error ? error.message : error
      }; set GRADFOLD_CACHE to a folder of yours`,
      { cause: error },
    );
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).catch(ignoreNotFound) !== undefined;
}

function ignoreNotFound(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
