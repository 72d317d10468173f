/**
 * How far representations move while the encoder trains.
 *
 * @module
 */
import type { Tensor2D } from "../core/types.ts";
import { checkPaired, pairedDistances } from "./_distances.ts";

/** Options of {@linkcode featureDrift}. */
export interface FeatureDriftOptions {
  /** Rows in a block. 1024 if left out. */
  readonly block?: number;
}

/** How far representations moved. */
export interface FeatureDrift {
  /** The mean squared distance of the rows as they are. */
  readonly plain: number;
  /** The mean squared distance of the rows scaled to length 1, from 0 to 4. */
  readonly normalized: number;
}

/**
 * Feature drift: how far the representations of the same examples moved between two states of an encoder.
 *
 * drift = 1/N Σᵢ ‖f(xᵢ; θ at t) - f(xᵢ; θ at t - Δt)‖²
 *
 * Where it is small, representations of past steps can stand in for current ones, as a memory of them assumes. Encode
 * both times with `training` off, else dropout moves them too.
 *
 * Wang, Zhang, Huang and Scott, "Cross-batch memory for embedding learning", 2020.
 *
 * @param earlier Representations before, `[examples, dim]`.
 * @param later Representations of the same examples after, `[examples, dim]`.
 * @throws {RangeError} If the shapes differ, there are no rows, or `block` is no integer of at least 1.
 *
 * @example
 * ```ts
 * import { featureDrift } from "@gradfold/gradfold/metrics";
 * import { useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const earlier = tf.tensor2d([[1, 0], [0, 2]]);
 * const later = tf.tensor2d([[1, 0], [0, 4]]);
 * assertEquals(await featureDrift(earlier, later), { plain: 2, normalized: 0 });
 * ```
 */
export async function featureDrift(
  earlier: Tensor2D,
  later: Tensor2D,
  options: FeatureDriftOptions = {},
): Promise<FeatureDrift> {
  const { block = 1024 } = options;
  checkPaired("measure drift", { earlier, later }, block);
  const mean = async (normalize: boolean) => {
    const distances = await pairedDistances(earlier, later, { block, normalize });
    return distances.reduce((sum, squared) => sum + squared, 0) / distances.length;
  };
  return { plain: await mean(false), normalized: await mean(true) };
}
