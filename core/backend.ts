/**
 * Chooses the engine that tensors live on.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import { hasFused } from "./_fused.ts";
import { describeTensorflow, loadTensorflow, missingTensorflow, packageFolder } from "./tensorflow.ts";
import { registerTensorflowKernels } from "./tensorflow_kernels.ts";
import { startWasm, threadsVariable, wasmThreads } from "./wasm/threads.ts";
import { registerWasmKernels } from "./wasm_kernels.ts";

/**
 * The engines that gradfold knows: `tensorflow` is native and fastest and needs `deno task setup`, `wasm` needs
 * nothing, `webgpu` starts only on request, `cpu` is plain JavaScript.
 */
export type BackendName = "tensorflow" | "wasm" | "webgpu" | "cpu";

/** Which engine to use. */
export interface BackendOptions {
  /** The engine; if left out, `GRADFOLD_BACKEND` names it, else the best that starts is used. */
  readonly backend?: BackendName;
  /** Whether to leave out the line that says which engine runs. */
  readonly quiet?: boolean;
}

/** The engines that are tried when none is named, best first. */
const automatic: readonly BackendName[] = ["tensorflow", "wasm", "cpu"];
const known: readonly BackendName[] = ["tensorflow", "wasm", "webgpu", "cpu"];
const started = new Set<BackendName>();
const variable = "GRADFOLD_BACKEND";
const webgpuPackage = "npm:@tensorflow/tfjs-backend-webgpu@4.22.0";
const wasmPackage = "npm:@tensorflow/tfjs-backend-wasm@4.22.0";

/**
 * Starts an engine and makes it the one that tensors live on.
 *
 * `options.backend` counts before the environment's `GRADFOLD_BACKEND`, and that before the automatic choice:
 * `tensorflow` if it is installed, else `wasm`, else `cpu`. One line on the error stream says what was chosen. Calling
 * it again is cheap, with the same engine or another; tensors move along when they are used.
 *
 * The wasm engine computes with one thread, or with as many as `GRADFOLD_WASM_THREADS` says, up to 8. That is for
 * processors that have nothing else to do: where they are busy, the engine is slower with threads than without.
 *
 * @param options The engine, and whether to print.
 * @returns The name of the engine that runs.
 * @throws {RangeError} If the name is none of the four engines.
 * @throws {Error} If the engine that was asked for cannot start; the message says why and what to do.
 *
 * @example
 * ```ts
 * import { useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await useBackend({ backend: "cpu", quiet: true }), "cpu");
 * ```
 */
export async function useBackend(options: BackendOptions = {}): Promise<BackendName> {
  const requested = requestedBackend(options);
  const reasons: string[] = [];
  for (const name of requested ? [requested] : automatic) {
    // What was never installed is no failure, unless it was asked for.
    if (!requested && name === "tensorflow" && missingTensorflow()) continue;
    const reason = await start(name);
    if (reason === undefined) {
      if (!options.quiet) announce(name, reasons);
      return name;
    }
    reasons.push(`Cannot start the ${name} engine: ${reason}`);
  }
  throw new Error(reasons.join("; "));
}

/**
 * Lists the engines that training is meant for and that start here: `wasm`, and `tensorflow` where it is installed and
 * may be loaded.
 *
 * @returns Their names, best first.
 */
export function startableBackends(): Promise<BackendName[]> {
  const permitted = (["env", "ffi"] as const).every((name) => Deno.permissions.querySync({ name }).state === "granted");
  return Promise.resolve(permitted && !missingTensorflow() ? ["tensorflow", "wasm"] : ["wasm"]);
}

/**
 * Says whether the running engine can hand its numbers over synchronously (`dataSync`); webgpu cannot.
 *
 * @returns False on webgpu, else true.
 */
export function canReadSync(): boolean {
  return tf.getBackend() !== "webgpu";
}

/** The engine that the option or the environment names. */
function requestedBackend(options: BackendOptions): BackendName | undefined {
  const name = options.backend ?? (readEnv(variable) || undefined);
  if (name === undefined || known.includes(name as BackendName)) {
    return name as BackendName | undefined;
  }
  const source = options.backend === undefined ? ` (from ${variable})` : "";
  throw new RangeError(`Cannot use the engine "${name}"${source}: expected tensorflow, wasm, webgpu or cpu`);
}

/** Starts an engine; returns why it cannot, or undefined. */
async function start(name: BackendName): Promise<string | undefined> {
  const before = tf.engine().backendName;
  if (before === name && started.has(name)) return undefined;
  if (!started.has(name)) {
    const missing = missingEngine(name);
    if (missing) return missing;
  }
  try {
    if (name === "tensorflow") await loadTensorflow();
    if (name === "webgpu") await import(webgpuPackage);
    if (name === "wasm") registerWasmKernels();
    // The engine answers false, and computes with another, where it cannot initialise.
    const begun = name === "wasm"
      ? await startWasm(packageFolder(wasmPackage), readEnv(threadsVariable))
      : await tf.setBackend(name);
    if (!begun) throw new Error("it did not initialise");
    await tf.ready();
    if (name === "tensorflow") registerTensorflowKernels();
    if (name === "cpu") silenceCpu();
    started.add(name);
    return undefined;
  } catch (error) {
    if (before) await tf.setBackend(before);
    return error instanceof Error ? error.message.split("\n")[0]! : String(error);
  }
}

/** Says what an engine lacks, as far as that shows before it starts. */
function missingEngine(name: BackendName): string | undefined {
  if (name === "tensorflow") return missingTensorflow();
  const path = name === "wasm" ? packageFolder(wasmPackage) : undefined;
  if (path && Deno.permissions.querySync({ name: "read", path }).state !== "granted") {
    return `it needs --allow-read for ${path}`;
  }
}

/** Leaves out the advice, printed at the first operation, to install a package that does not load here. */
function silenceCpu(): void {
  (tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
}

function announce(name: BackendName, reasons: readonly string[]): void {
  const detail = name === "tensorflow" ? tensorflowDetail() : `TensorFlow.js ${tf.version.tfjs}${threadsDetail(name)}`;
  console.error([`gradfold: ${name} engine (${detail})`, ...reasons].join(". "));
}

/** What runs, and whether it could be faster. */
function tensorflowDetail(): string {
  const running = describeTensorflow(tf.backend());
  // On a GPU they are not missed.
  if (hasFused("SumRows") || running.endsWith("GPU")) return running;
  return `${running}, without gradfold's kernels: \`deno task setup\` compiles them`;
}

function threadsDetail(name: BackendName): string {
  const threads = name === "wasm" ? wasmThreads() : 1;
  return threads > 1 ? `, ${threads} threads` : "";
}

/** Reads an environment variable where that is allowed; a prompt would be worse than the default. */
function readEnv(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}
