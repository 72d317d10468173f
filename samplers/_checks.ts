/**
 * What samplers demand of their options.
 *
 * @module
 */

/** Checks that options are integers of at least `least` that an Int32Array can hold. */
export function requireIntegers(name: string, options: { readonly [option: string]: number }, least = 1): void {
  for (const [option, value] of Object.entries(options)) {
    if (!Number.isInteger(value) || value < least || value >= 2 ** 31) {
      throw new RangeError(
        `Cannot sample ${name}: ${option} is ${value}, expected an integer from ${least} to 2^31 - 1`,
      );
    }
  }
}
