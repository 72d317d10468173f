/**
 * What lists of relevant references must be like.
 *
 * @module
 */
import type { Tensor2D } from "../core/types.ts";

/** Checks that there is one list for each query, of different rows of the references, with gains if there are any. */
export function checkLists(
  relevant: readonly ArrayLike<number>[],
  gains: readonly ArrayLike<number>[] | undefined,
  { queries, references }: { queries: Tensor2D; references: Tensor2D },
): void {
  for (const [name, lists] of [["relevant", relevant], ["gains", gains]] as const) {
    if (lists && lists.length !== queries.shape[0]) {
      throw new RangeError(
        `Cannot rank: ${name} has ${lists.length} lists, expected one for each of ${queries.shape[0]} queries`,
      );
    }
  }
  relevant.forEach((rows, query) => {
    checkRows(rows, query, references.shape[0]);
    if (gains) checkGains(gains[query]!, query, rows.length);
  });
}

function checkRows(rows: ArrayLike<number>, query: number, references: number): void {
  const seen = new Set<number>();
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (!Number.isSafeInteger(row) || row < 0 || row >= references) {
      throw new RangeError(`Cannot rank: relevant[${query}] names ${row}, expected a row of ${references} references`);
    }
    if (seen.has(row)) throw new RangeError(`Cannot rank: relevant[${query}] names ${row} twice, expected it once`);
    seen.add(row);
  }
}

function checkGains(gains: ArrayLike<number>, query: number, count: number): void {
  if (gains.length !== count) {
    throw new RangeError(
      `Cannot rank: gains[${query}] has ${gains.length} entries, expected ${count} as relevant[${query}]`,
    );
  }
  for (let i = 0; i < count; i++) {
    if (!(gains[i]! >= 0 && gains[i]! < Infinity)) {
      throw new RangeError(`Cannot rank: gains[${query}][${i}] is ${gains[i]}, expected a finite number of at least 0`);
    }
  }
}
