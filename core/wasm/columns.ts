/**
 * Sums over rows in float64, column by column.
 *
 * @module
 */

/** Adds rows of as many numbers as there are sums to the sums. */
export function addRows(from: Float32Array, sums: Float64Array): void {
  const width = sums.length;
  let at = 0;
  // Four rows at a time: the sums are read and written a quarter as often.
  while (at + 4 * width <= from.length) {
    for (let j = 0; j < width; j++, at++) {
      sums[j]! += from[at]! + from[at + width]! + (from[at + 2 * width]! + from[at + 3 * width]!);
    }
    at += 3 * width;
  }
  while (at < from.length) {
    for (let j = 0; j < width; j++) sums[j]! += from[at++]!;
  }
}

/** Adds the squares of what rows differ from `centre` by to the sums. */
export function addSquares(from: Float32Array, centre: Float64Array, sums: Float64Array): void {
  const width = sums.length;
  let at = 0;
  while (at + 2 * width <= from.length) {
    for (let j = 0; j < width; j++, at++) {
      const [a, b] = [from[at]! - centre[j]!, from[at + width]! - centre[j]!];
      sums[j]! += a * a + b * b;
    }
    at += width;
  }
  while (at < from.length) {
    for (let j = 0; j < width; j++) sums[j]! += (from[at++]! - centre[j]!) ** 2;
  }
}

/** Adds rows times what other rows differ from `centre` by to the sums. */
export function addProducts(rows: Float32Array, from: Float32Array, centre: Float64Array, sums: Float64Array): void {
  const width = sums.length;
  let at = 0;
  while (at + 2 * width <= from.length) {
    for (let j = 0; j < width; j++, at++) {
      const middle = centre[j]!;
      sums[j]! += rows[at]! * (from[at]! - middle) + rows[at + width]! * (from[at + width]! - middle);
    }
    at += width;
  }
  while (at < from.length) {
    for (let j = 0; j < width; j++, at++) sums[j]! += rows[at]! * (from[at]! - centre[j]!);
  }
}
