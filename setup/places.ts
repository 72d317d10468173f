/**
 * Where things stand: the engine in the user's cache folder, the npm packages in the project.
 *
 * @module
 */
import { join } from "node:path";
import { addonFolder, bindingPackage, packageFolder } from "../core/tensorflow.ts";
import type { KernelSources } from "./kernels.ts";

/** The npm package with Node's headers for native addons. */
export const headersPackage = "npm:node-api-headers@^1";

/** Which library to install. */
export type Variant = "cpu" | "gpu";

/** The folders that the installation reads and writes. */
export interface Places {
  /** Where installed engines stand, one folder each. */
  readonly cache: string;
  /** The npm package that binds TensorFlow. */
  readonly binding: string;
  /** The npm package with Node's headers. */
  readonly headers: string;
  /** The sources of gradfold's own kernels. */
  readonly kernels: KernelSources;
}

/** The engine's folder in the cache; its name holds all that it depends on but TensorFlow's own version. */
export function engineFolder({ cache, kernels }: Pick<Places, "cache" | "kernels">, variant: Variant): string {
  return join(cache, `tensorflow-${variant}-for-${bindingPackage.replace(/^.*@/, "tfjs-")}-${kernels.version}`);
}

/** Where the binding looks for its native addon, which becomes a link to the engine's folder. */
export function linkPath(binding: string): string {
  return join(binding, addonFolder);
}

/**
 * Finds the npm packages in the current project, and has Deno fetch what the project does not have yet.
 *
 * @returns Their folders.
 * @throws {Error} If the project keeps no `node_modules` folder, or a package cannot be fetched.
 */
export async function findPackages(): Promise<Pick<Places, "binding" | "headers">> {
  const [binding, headers] = [await fetchPackage(bindingPackage), await fetchPackage(headersPackage)];
  // The shared cache serves every project, and Deno copies from it: a link there would turn up elsewhere.
  if (!/[\\/]node_modules[\\/]/.test(binding)) {
    throw new Error(
      `Cannot link the engine: this project keeps no node_modules folder; add "nodeModulesDir": "auto" to its deno.json ` +
        "and run setup again",
    );
  }
  return { binding, headers };
}

async function fetchPackage(specifier: string): Promise<string> {
  let folder = packageFolder(specifier);
  if (folder) return folder;
  let cause: unknown;
  try {
    await import(`${specifier}/package.json`, { with: { type: "json" } });
    folder = packageFolder(specifier);
  } catch (error) {
    cause = error;
  }
  if (folder) return folder;
  const name = specifier.replace(/^npm:/, "").replace(/@[^@/]*$/, "");
  throw new Error(
    `Cannot fetch ${specifier}: ${cause instanceof Error ? cause.message : "it does not resolve to a folder"}; ` +
      `add "${name}": "${specifier}" to the imports of deno.json and run \`deno install\``,
    { cause },
  );
}
