/**
 * Which parameters weight decay applies to.
 *
 * @module
 */
import type { Variable } from "../types.ts";

/**
 * The usual choice: parameters with two axes or more. It spares biases, the scales of normalisations and temperatures,
 * whose size has nothing to do with how complex a model is.
 */
export function hasAxes(_name: string, parameter: Variable): boolean {
  return parameter.rank >= 2;
}
