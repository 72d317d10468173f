/**
 * How close positive pairs lie.
 *
 * @module
 */
import type { Tensor2D } from "../core/types.ts";
import { checkPositive } from "./_checks.ts";
import { checkPaired, pairedDistances } from "./_distances.ts";

/** Options of {@linkcode alignment}. */
export interface AlignmentOptions {
  /** The exponent α of the distance. 2 if left out. */
  readonly alpha?: number;
  /** Whether rows are scaled to length 1 first. True if left out. */
  readonly normalize?: boolean;
  /** Rows in a block. 1024 if left out. */
  readonly block?: number;
}

/**
 * Alignment: the mean distance of positive pairs, less is better.
 *
 * alignment = 1/N Σᵢ ‖xᵢ - yᵢ‖^α
 *
 * 0 if both of each pair are mapped to the same point, as they also are by an encoder that maps everything to one
 * point: see it together with {@linkcode uniformity}.
 *
 * Wang and Isola, "Understanding contrastive representation learning through alignment and uniformity on the
 * hypersphere", 2020.
 *
 * @param x One of each pair, `[pairs, dim]`.
 * @param y The other, `[pairs, dim]`.
 * @throws {RangeError} If the shapes differ, there are no rows, or an option lies outside its range.
 *
 * @example
 * ```ts
 * import { alignment } from "@gradfold/gradfold/metrics";
 * import { useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const x = tf.tensor2d([[2, 0], [0, 3]]);
 * const y = tf.tensor2d([[1, 0], [1, 0]]);
 * // One pair at distance 0, one at √2.
 * assertAlmostEquals(await alignment(x, y), 1, 1e-6);
 * ```
 */
export async function alignment(x: Tensor2D, y: Tensor2D, options: AlignmentOptions = {}): Promise<number> {
  const { alpha = 2, normalize = true, block = 1024 } = options;
  checkPaired("measure alignment", { x, y }, block);
  checkPositive("measure alignment", "alpha", alpha);
  const distances = await pairedDistances(x, y, { block, normalize });
  return distances.reduce((sum, squared) => sum + squared ** (alpha / 2), 0) / distances.length;
}
