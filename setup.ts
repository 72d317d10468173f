/**
 * Installs the TensorFlow engine, the fastest that gradfold runs on.
 *
 * `deno task setup` in this repository, `deno run -A jsr:@gradfold/gradfold/setup` in a project that imports gradfold.
 * It takes TensorFlow's library from the Python wheel, compiles the binding of `npm:@tensorflow/tfjs-node-gpu`, keeps
 * both in the user's cache folder, links them into the project's `node_modules`, and checks that they compute.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { cacheFolder } from "./core/cache_folder.ts";
import { install } from "./setup/install.ts";
import { readKernels } from "./setup/kernels.ts";
import { thisMachine } from "./setup/machine.ts";
import { engineFolder, findPackages } from "./setup/places.ts";
import { verify } from "./setup/verify.ts";

/** What to install. */
export interface SetupOptions {
  /** Whether to install the library for CUDA instead of the plain one. */
  readonly gpu?: boolean;
  /** Where lines for the user go; the console if left out. */
  readonly log?: (line: string) => void;
}

const help = `Installs the TensorFlow engine for this project.

Usage: deno task setup [--gpu]
       deno run -A jsr:@gradfold/gradfold/setup [--gpu]   in a project that imports gradfold

  --gpu    the library for NVIDIA GPUs, with the CUDA libraries that it needs (several GB)
  --help   this text

Needs pip and a C++17 compiler (CXX names one), on Linux or macOS.
GRADFOLD_CACHE names the folder to install in instead of the user's cache folder.`;

/**
 * Installs the TensorFlow engine, links it into the current project and checks it. Running it again is quick and safe.
 *
 * @param options What to install.
 * @returns What runs, such as `TensorFlow 2.21.0, CPU`.
 * @throws {Error} If it cannot be installed; the message says what is missing.
 */
export async function setup(options: SetupOptions = {}): Promise<string> {
  const machine = thisMachine(options.log ?? console.log);
  const variant = options.gpu ? "gpu" : "cpu";
  const places = { cache: cacheFolder(machine), ...await findPackages(), kernels: await readKernels() };
  const built = await install(machine, places, variant);
  machine.log(`${built ? "Installed in" : "Already installed in"} ${engineFolder(places, variant)}`);
  const running = await verify().catch((error) => {
    const advice = `if that stays so, delete ${engineFolder(places, variant)} and run setup again`;
    throw new Error(`${error.message}; ${advice}`, { cause: error });
  });
  machine.log(`The tensorflow engine works: ${running}`);
  return running;
}

/** Runs the command line; the exit status is 1 if the engine cannot be installed. */
async function main(args: string[]): Promise<number> {
  try {
    const { values } = parseArgs({
      args,
      options: { gpu: { type: "boolean" }, help: { type: "boolean", short: "h" } },
    });
    if (values.help) console.log(help);
    else await setup({ gpu: values.gpu ?? false });
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
