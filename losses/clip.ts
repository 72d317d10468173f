/**
 * The loss of CLIP.
 *
 * @module
 */
import type { Loss } from "../core/types.ts";
import { infoNCE } from "./info_nce.ts";
import { symmetric } from "./symmetric.ts";
import { learnableTemperature, type Temperature, type TemperatureOptions } from "./temperature.ts";

/** The loss of CLIP, with its temperature. */
export interface Clip extends Loss {
  /** The variable of the temperature. */
  readonly params: Temperature["params"];
  /** The temperature, to be read and disposed. */
  readonly temperature: Temperature;
}

/**
 * The loss of CLIP: the cross-entropy of picking the reference of each anchor and the anchor of each reference, with a
 * learnt temperature.
 *
 * It is `symmetric(infoNCE({ temperature: learnableTemperature(options) }))`, and the three can be put together in other
 * ways, such as with a fixed temperature. L = 1/2N Σᵢ ( log Σⱼ exp(sᵢⱼ/τ) + log Σⱼ exp(sⱼᵢ/τ) - 2 sᵢᵢ/τ ), with s the cosine.
 * Matrices and errors are those of {@linkcode symmetric}.
 *
 * Radford et al., "Learning transferable visual models from natural language supervision", 2021.
 *
 * @param options The temperature to start from, 0.07 if left out, and its bound.
 * @throws {RangeError} If `initial` or `maxScale` is not a finite number above 0, or 1/initial exceeds `maxScale`.
 *
 * @example
 * ```ts
 * import { clip } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const loss = clip({ initial: 0.5 });
 * const rows = tf.tensor2d([[1, 0], [0, 1]]);
 * const value = loss([rows, rows], { training: true, key: key(0) });
 * assertAlmostEquals(value.dataSync()[0]!, Math.log(Math.exp(2) + 1) - 2, 1e-6);
 * assertAlmostEquals(await loss.temperature.read(), 0.5, 1e-6);
 * loss.temperature.dispose();
 * ```
 */
export function clip(options: TemperatureOptions = {}): Clip {
  const temperature = learnableTemperature(options);
  const loss = symmetric(infoNCE({ temperature }));
  return Object.assign(loss, { temperature, params: temperature.params });
}
