/**
 * What miners demand of their options.
 *
 * @module
 */

/** Checks that options are finite numbers of at least `least`. */
export function checkNumbers(miner: string, options: { readonly [name: string]: number }, least = -Infinity): void {
  for (const [name, value] of Object.entries(options)) {
    if (Number.isFinite(value) && value >= least) continue;
    const expected = least === -Infinity ? "a finite number" : `a finite number of at least ${least}`;
    throw new RangeError(`Cannot mine ${miner}: ${name} is ${value}, expected ${expected}`);
  }
}

/** Checks that an option is one of some words. */
export function checkKind(miner: string, name: string, value: string, kinds: readonly string[]): void {
  if (!kinds.includes(value)) {
    throw new RangeError(`Cannot mine ${miner}: ${name} is ${value}, expected one of ${kinds.join(", ")}`);
  }
}
