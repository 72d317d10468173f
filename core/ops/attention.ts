/**
 * Self-attention over padded sequences.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { fused } from "../_fused.ts";
import type { Tensor, Tensor2D } from "../types.ts";
import { withGradient } from "./custom_gradient.ts";
import { pipe } from "./pipe.ts";

/** Up to this length a kernel that takes one head at a time is quicker than products of many heads at once. */
const SHORT = 128;

/**
 * Scaled dot-product attention of each sequence to itself, in several heads: softmax(q kᵀ / √d + bias) v, d being the
 * width of a head.
 *
 * The three projections come side by side from one product and the heads' results leave side by side, as the
 * neighbouring maps want them. The tape holds the projections; the probabilities are computed again. Vaswani et al., "Attention is all
 * you need", 2017.
 *
 * @param projected Queries, keys and values in this order, `[examples · length, 3 · width]`.
 * @param mask 0 for keys that are padding, anything else for keys that are there, `[examples, length]`. Where all are
 * padding, all count alike.
 * @param heads How many heads; a divisor of width. Head h has columns h · d to (h + 1) · d of each projection.
 * @returns `[examples · length, width]`.
 * @throws {RangeError} If the shapes do not fit together.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { selfAttention, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * // One sequence of two places; its queries are zero, so each place takes the mean of the values.
 * const projected = tf.tensor2d([[0, 1, 2], [0, 5, 4]]);
 * assertEquals(selfAttention(projected, tf.tensor2d([[1, 1]]), 1).arraySync(), [[3], [3]]);
 * ```
 */
export function selfAttention(projected: Tensor2D, mask: Tensor2D, heads: number): Tensor2D {
  const [examples, length] = mask.shape;
  const [places, columns] = projected.shape;
  const width = columns / 3;
  const depth = width / heads;
  const matrices = projected.rank === 2 && mask.rank === 2;
  if (
    !matrices || !(Number.isInteger(heads) && heads > 0) || places !== examples * length || !Number.isInteger(depth)
  ) {
    throw new RangeError(
      `Cannot attend: projections have shape [${projected.shape}] for ${heads} heads and a mask of [${mask.shape}], ` +
        `expected [${examples * length}, 3 · width] with heads a divisor of width`,
    );
  }
  const factor = 1 / Math.sqrt(depth);
  const native = (name: "Attention" | "AttentionGrad", inputs: Tensor[]) =>
    length <= SHORT ? fused(name, inputs, { heads })?.[0] : undefined;

  return withGradient([projected], (save) => {
    const present = mask.dtype === "float32" ? mask : tf.cast(mask, "float32");
    save(() => [projected, present]);
    return {
      value: native("Attention", [projected, present]) ?? tf.tidy(() => {
        const { values, probabilities } = attend(projected, present);
        return outOfHeads([tf.matMul(probabilities, values)]);
      }),
      pullBack: (
        dy,
        [projected, mask],
      ) => [native("AttentionGrad", [projected!, mask!, dy]) ?? pullBack(dy, projected!, mask!)],
    };
  }) as Tensor2D;

  function attend(projected: Tensor, mask: Tensor) {
    const [queries, keys, values] = intoHeads(projected, 3 * heads, 3) as [Tensor, Tensor, Tensor];
    // exp(-1e9) is 0, while -1e9 itself is finite: a row of padding alone stays defined.
    const bias = tf.reshape(tf.mul(tf.cast(tf.equal(mask, 0), "float32"), -1e9), [examples, 1, 1, length]);
    const probabilities = pipe(queries, [
      (queries) => tf.mul(queries, factor),
      (queries) => tf.matMul(queries, keys, false, true),
      (scores) => tf.add(scores, bias),
      tf.softmax,
    ]);
    return { queries, keys, values, probabilities };
  }

  function pullBack(dy: Tensor, projected: Tensor, mask: Tensor): Tensor {
    const { queries, keys, values, probabilities } = attend(projected, mask);
    const [cotangent] = intoHeads(dy, heads, 1) as [Tensor];
    const weighted = tf.mul(tf.matMul(cotangent, values, false, true), probabilities);
    const scores = tf.sub(weighted, tf.mul(probabilities, tf.sum(weighted, 3, true)));
    return outOfHeads([
      tf.mul(tf.matMul(scores, keys), factor),
      tf.mul(tf.matMul(scores, queries, true, false), factor),
      tf.matMul(probabilities, cotangent, true, false),
    ]);
  }

  /** `[examples · length, parts · heads · depth]` to `parts` tensors `[examples, heads, length, depth]`. */
  function intoHeads(rows: Tensor, count: number, parts: number): Tensor[] {
    return tf.tidy(() => {
      const split = tf.transpose(tf.reshape(rows, [examples, length, count, depth]), [0, 2, 1, 3]);
      return parts === 1 ? [split] : tf.split(split, parts, 1);
    });
  }

  function outOfHeads(parts: Tensor[]): Tensor {
    const joined = parts.length === 1 ? parts[0]! : tf.concat(parts, 1);
    return tf.reshape(tf.transpose(joined, [0, 2, 1, 3]), [places, parts.length * width]);
  }
}
