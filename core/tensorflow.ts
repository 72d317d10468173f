/**
 * The TensorFlow engine: `npm:@tensorflow/tfjs-node-gpu` on a native library that `deno task setup` puts under it.
 *
 * The package is named only in strings, so that projects which do not want it never download it.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import util from "node:util";

/** The npm package that binds TensorFlow. */
export const bindingPackage = "npm:@tensorflow/tfjs-node-gpu@4.22.0";

/** Where the package looks for its native addon, below its own folder. */
export const addonFolder = "lib/napi-v8";

/** The addon's file name. */
export const addonFile = "tfjs_binding.node";

/** The folder of an npm package that this project has, or undefined; nothing is downloaded. */
export function packageFolder(specifier: string): string | undefined {
  // Deno resolves the packages that it knows to files, and leaves the others as they are.
  const resolved = import.meta.resolve(`${specifier}/package.json`);
  return resolved.startsWith("file:") ? fileURLToPath(new URL(".", resolved)) : undefined;
}

/**
 * Says why the TensorFlow engine cannot start, or undefined if it is installed.
 *
 * @param specifier The npm package that binds TensorFlow.
 * @returns What is missing and how to get it, in words that fit behind "Cannot start the tensorflow engine: ".
 */
export function missingTensorflow(specifier: string = bindingPackage): string | undefined {
  const folder = packageFolder(specifier);
  if (folder && Deno.permissions.querySync({ name: "read", path: folder }).state !== "granted") {
    return `it needs --allow-read for ${folder}`;
  }
  if (folder && existsSync(`${folder}${addonFolder}/${addonFile}`)) return undefined;
  return "it is not installed; install it with `deno task setup` in a clone of gradfold, or with " +
    "`deno run -A jsr:@gradfold/gradfold/setup` in a project of yours";
}

/** What is read from the engine once it runs. */
interface TensorflowBackend {
  readonly binding: { readonly TF_Version: string };
  readonly isUsingGpuDevice: boolean;
}

/** Loads the engine; afterwards it is registered as `tensorflow`. */
export async function loadTensorflow(): Promise<void> {
  // The package calls a function that is gone from node:util since Node 23.
  const patched = util as { isNullOrUndefined?: (value: unknown) => boolean };
  patched.isNullOrUndefined ??= (value) => value === null || value === undefined;
  quietLog();
  await import(bindingPackage);
}

/** Describes a running engine: `TensorFlow 2.21.0, CPU`. */
export function describeTensorflow(backend: unknown): string {
  const { binding, isUsingGpuDevice } = backend as TensorflowBackend;
  return `TensorFlow ${binding.TF_Version}, ${isUsingGpuDevice ? "GPU" : "CPU"}`;
}

/** Keeps TensorFlow from logging below errors, unless the user has said otherwise. */
function quietLog(): void {
  const variable = "TF_CPP_MIN_LOG_LEVEL";
  if (Deno.permissions.querySync({ name: "env", variable }).state !== "granted") return;
  if (Deno.env.get(variable) === undefined) Deno.env.set(variable, "3");
}
