/**
 * Examples that an epoch has not shown yet.
 *
 * @module
 */

/** A list from which examples are taken at any place, in constant time. */
export interface Remaining {
  /** Whether an example is still there. */
  has(example: number): boolean;
  /** Takes an example away. */
  remove(example: number): void;
  /** The first example that is still there and passes the test, of the first `reach` that are there. */
  find(test: (example: number) => boolean, reach: number): number | undefined;
}

/** A list of all examples in a given order. */
export function remaining(order: Int32Array): Remaining {
  const end = order.length;
  // A ring through `end`, which stands before the first and after the last.
  const after = new Int32Array(end + 1);
  const before = new Int32Array(end + 1);
  [...order, end].reduce((last, example) => {
    after[last] = example;
    before[example] = last;
    return example;
  }, end);
  const there = new Uint8Array(end).fill(1);
  return {
    has: (example) => there[example] === 1,
    remove(example) {
      there[example] = 0;
      after[before[example]!] = after[example]!;
      before[after[example]!] = before[example]!;
    },
    find(test, reach) {
      for (let at = after[end]!; at !== end && reach > 0; at = after[at]!, reach--) if (test(at)) return at;
      return undefined;
    },
  };
}
