/**
 * The sources of gradfold's own kernels, which are compiled into the engine's addon.
 *
 * @module
 */

/** Their folder; in a project that imports gradfold it is on the network. */
const folder = new URL("../core/native/", import.meta.url);

/** The files, headers and sources. */
export const kernelFiles: readonly string[] = [
  "attention.cc",
  "dropout.cc",
  "gelu.cc",
  "group_norm.cc",
  "kernel.cc",
  "kernel.h",
  "label_pairs.h",
  "moments.cc",
  "norm.cc",
  "pair_hinges.cc",
  "pair_log_sums.cc",
  "panel.cc",
  "panel.h",
  "parallel.cc",
  "parallel.h",
  "pool.cc",
  "rows.h",
  "small_product.h",
  "sums.cc",
  "unit.cc",
  "vector.h",
];

/** Sources to compile. */
export interface KernelSources {
  /** Text by file name. */
  readonly files: ReadonlyMap<string, string>;
  /** A short name for just these texts. */
  readonly version: string;
}

/**
 * Reads the sources, from disk or from the network.
 *
 * @throws {Error} If a file cannot be read.
 */
export async function readKernels(): Promise<KernelSources> {
  const files = new Map<string, string>();
  for (const name of kernelFiles) {
    const response = await fetch(new URL(name, folder)).catch((cause) => {
      throw new Error(`Cannot read ${new URL(name, folder)}: ${cause.message}`, { cause });
    });
    if (!response.ok) throw new Error(`Cannot read ${response.url}: status ${response.status}`);
    files.set(name, await response.text());
  }
  return { files, version: await versionOf(files) };
}

/** Eight hexadecimal digits that differ where any file differs. */
export async function versionOf(files: ReadonlyMap<string, string>): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify([...files]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
