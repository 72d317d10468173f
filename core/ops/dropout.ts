/**
 * Dropout whose masks belong to examples.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { fused, hasFused } from "../_fused.ts";
import { fold, type Key } from "../key.ts";
import { dropoutMask, startState } from "../stream.ts";
import type { EncodeContext, Tensor } from "../types.ts";
import { alias, withGradient } from "./custom_gradient.ts";

/**
 * Sets entries to zero with probability `rate` and divides the others by `1 - rate`, when training.
 *
 * Each example draws from its own stream, addressed by its row in the whole batch and by the layer's name. So its mask
 * is the same in whatever chunk it comes, and in a replay. Entries are drawn in order: an example that is padded at its
 * end keeps the mask of what it had. Srivastava et al., "Dropout: a simple way to prevent neural networks from
 * overfitting", 2014.
 *
 * @param x Examples in order along the first axis, each of the same size: `[examples, …]` or `[examples · length, …]`.
 * @param rate The probability of a zero, in [0, 1); acts in steps of 2⁻¹⁶.
 * @param context What the encoder was told: whether to drop at all, the key, and the examples' rows.
 * @param name The layer's name; layers of different names draw different masks.
 * @returns A tensor of x's shape.
 * @throws {RangeError} If the rate is not in [0, 1), or `context.rows` does not divide x's first axis.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { dropout, key, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const draw = (rows: number[]) =>
 *   dropout(tf.ones([rows.length, 8]), 0.5, { training: true, key: key(1), rows: Int32Array.from(rows) }, "hidden");
 * const whole = draw([0, 1, 2]);
 * assertEquals(draw([2]).dataSync(), whole.slice([2, 0], [1, 8]).dataSync());
 * ```
 */
export function dropout(x: Tensor, rate: number, context: EncodeContext, name: string): Tensor {
  if (!(rate >= 0 && rate < 1)) {
    throw new RangeError(`Cannot drop entries: rate is ${rate}, expected a number in [0, 1)`);
  }
  if (!context.training || rate === 0) {
    return withGradient([x], () => ({ value: alias(x), pullBack: (dy) => [alias(dy)] }));
  }
  const { rows } = context;
  if (rows.length === 0 || (x.shape[0] ?? 0) % rows.length !== 0) {
    throw new RangeError(
      `Cannot drop entries: x has shape [${x.shape}] for ${rows.length} rows, expected a multiple of them first`,
    );
  }
  // The mask is drawn again for the gradient, so that nothing stays on the tape.
  const drop = (x: Tensor) => masked(x, fold(context.key, name), rows, rate);
  return withGradient([x], () => ({ value: drop(x), pullBack: (dy) => [drop(dy)] }));
}

/** Multiplies entries by the mask of the rows' streams. */
function masked(x: Tensor, key: Key, rows: Int32Array, rate: number): Tensor {
  return tf.tidy(() => {
    if (hasFused("Dropout") && x.dtype === "float32") {
      const states = tf.tensor2d(Int32Array.from([...rows].flatMap((row) => startState(key, row))), [rows.length, 4]);
      return fused("Dropout", [x, states], { threshold: Math.round(rate * 0x10000), factor: 1 / (1 - rate) })![0]!;
    }
    return tf.mul(x, tf.tensor(dropoutMask(key, rows, x.size / rows.length, rate), x.shape));
  });
}
