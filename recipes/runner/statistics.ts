/**
 * Means and spreads of the runs of several seeds.
 *
 * @module
 */

/** The mean; NaN of none. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The standard deviation of a sample, with n - 1 below; 0 of one value. */
export function deviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}

/** Mean and standard deviation as text, such as `0.254 ± 0.002`; the value alone if there is one. */
export function spread(values: readonly number[], digits = 3): string {
  const middle = mean(values).toFixed(digits);
  return values.length === 1 ? middle : `${middle} ± ${deviation(values).toFixed(digits)}`;
}
