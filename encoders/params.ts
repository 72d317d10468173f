/**
 * What can be asked of a set of parameters.
 *
 * @module
 */
import type { Params } from "../core/mod.ts";

/**
 * Counts the numbers that a set of parameters holds; a variable under several names counts once.
 *
 * @param params Parameters by name.
 *
 * @example
 * ```ts
 * import { countParameters, mlp } from "@gradfold/gradfold/encoders";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * assertEquals(countParameters(mlp({ inputs: 3, outputs: 2, key: key(1) }).params), 3 * 2 + 2);
 * ```
 */
export function countParameters(params: Params): number {
  return [...new Set(Object.values(params))].reduce((total, { size }) => total + size, 0);
}

/**
 * Disposes the variables of a set of parameters, after which their encoder can no longer be used.
 *
 * @param params Parameters by name.
 */
export function disposeParams(params: Params): void {
  for (const variable of new Set(Object.values(params))) variable.dispose();
}
