/**
 * What is demanded of labels of rows.
 *
 * @module
 */

/** Checks that there is one label, an integer, for each of some rows. */
export function checkLabels(
  cannot: string,
  { name, labels, count, rows }: { name: string; labels: ArrayLike<number>; count: number; rows: string },
): void {
  if (labels.length !== count) {
    throw new RangeError(
      `Cannot ${cannot}: ${name} has ${labels.length} entries, expected one for each of ${count} ${rows}`,
    );
  }
  for (let i = 0; i < count; i++) {
    if (!Number.isSafeInteger(labels[i])) {
      throw new RangeError(`Cannot ${cannot}: ${name}[${i}] is ${labels[i]}, expected an integer`);
    }
  }
}
