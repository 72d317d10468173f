/**
 * What mutual information is expected by chance.
 *
 * @module
 */
import type { Contingency } from "./_contingency.ts";

/**
 * The expectation of the mutual information over all partitions with classes of the same sizes.
 *
 * E[I] = Σ over pairs of classes, of a and of b examples, of Σₙ P(n) n/N log(N n / (a b)), where they share n examples
 * with the hypergeometric probability P(n) = C(a, n) C(N - a, b - n) / C(N, b).
 */
export function expectedMutualInformation({ count, rows, columns }: Contingency): number {
  const logs = logFactorials(count);
  const log = (n: number) => logs[n]!;
  let expected = 0;
  // Pairs of classes of the same sizes contribute alike.
  for (const [a, rowsLikeIt] of multiplicities(rows)) {
    for (const [b, columnsLikeIt] of multiplicities(columns)) {
      const fixed = log(a) + log(b) + log(count - a) + log(count - b) - log(count);
      let sum = 0;
      for (let n = Math.max(1, a + b - count); n <= Math.min(a, b); n++) {
        const chance = Math.exp(fixed - log(n) - log(a - n) - log(b - n) - log(count - a - b + n));
        sum += chance * n / count * Math.log(count * n / (a * b));
      }
      expected += rowsLikeIt * columnsLikeIt * sum;
    }
  }
  return expected;
}

function multiplicities(sizes: readonly number[]): Map<number, number> {
  const found = new Map<number, number>();
  for (const size of sizes) found.set(size, (found.get(size) ?? 0) + 1);
  return found;
}

/** log n! for n from 0 on. */
function logFactorials(last: number): Float64Array {
  const logs = new Float64Array(last + 1);
  // What rounding took from the sum so far (Kahan), as differences of these sums go into an exponential.
  let lost = 0;
  for (let n = 1; n <= last; n++) {
    const term = Math.log(n) - lost;
    logs[n] = logs[n - 1]! + term;
    lost = logs[n]! - logs[n - 1]! - term;
  }
  return logs;
}
