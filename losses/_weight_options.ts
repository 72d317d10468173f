/**
 * Options of weight functions, which may come from a file.
 *
 * @module
 */
import { checkFiniteOption } from "./_checks.ts";

/** Numbers by name, each of which may be left out. */
type Given<T> = { readonly [name in keyof T]?: number };

/** Options with what is left out; it refuses names that there are not and what is no finite number. */
export function weightOptions<T extends { readonly [name: string]: number }>(
  weights: string,
  defaults: T,
  given: Given<T>,
): T {
  const names = Object.keys(defaults);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(`Cannot make ${weights}: there is no option ${unknown}, expected ${names.join(", ")}`);
  }
  const options = { ...defaults, ...given } as T;
  checkFiniteOption(weights, options);
  return options;
}
