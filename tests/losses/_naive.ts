import type { Rows } from "./_support.ts";

/** Rows at length 1, those shorter than 1e-12 as zeros. */
export function unit(rows: Rows): number[][] {
  return rows.map((row) => {
    const length = Math.hypot(...row);
    return row.map((x) => length < 1e-12 ? 0 : x / length);
  });
}

/** The dot product of two rows. */
export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, i) => sum + x * b[i]!, 0);
}

/** Cosines of all rows with all rows. */
export function cosines(rows: Rows, others: Rows = rows): number[][] {
  const [own, theirs] = [unit(rows), unit(others)];
  return own.map((a) => theirs.map((b) => dot(a, b)));
}

/** The distance on the unit sphere of two rows with a cosine. */
export function distance(cosine: number): number {
  return Math.sqrt(Math.max(2 - 2 * cosine, 0));
}

/** The positives and the negatives of an anchor among labels. */
export function relatives(labels: readonly number[], anchor: number): { positives: number[]; negatives: number[] } {
  const others = labels.map((_, i) => i).filter((i) => i !== anchor);
  return {
    positives: others.filter((i) => labels[i] === labels[anchor]),
    negatives: others.filter((i) => labels[i] !== labels[anchor]),
  };
}

/** log Σ exp, -∞ of nothing. */
export function logSumExp(values: readonly number[]): number {
  const highest = Math.max(...values);
  return values.length === 0
    ? -Infinity
    : highest + Math.log(values.reduce((sum, x) => sum + Math.exp(x - highest), 0));
}

/** log(1 + exp(x)). */
export function softplus(x: number): number {
  return x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
}

/** The mean, 0 of nothing. */
export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, x) => sum + x, 0) / values.length;
}

/** The mean of the positive parts that are not 0. */
export function hingeMean(values: readonly number[]): number {
  return mean(values.filter((x) => x > 0));
}
