import * as tf from "@tensorflow/tfjs";
import { fused } from "../_fused.ts";
import type { Tensor, Tensor1D } from "../types.ts";

/** Rows that an engine may add up in a row: the rounding error of a long float32 sum grows with its length. */
const LONGEST = 256;

/**
 * Adds the rows of a matrix up, `[rows, width]` to `[width]`, long ones in two stages: sums of about √rows rows, and the
 * sum of those.
 */
export function sumOverRows(x: Tensor): Tensor1D {
  const summed = fused("SumRows", [x]);
  if (summed) return summed[0] as Tensor1D;
  const [rows, width] = x.shape as [number, number];
  if (rows <= LONGEST) return tf.sum(x, 0);
  return tf.tidy(() => {
    const stage = Math.ceil(Math.sqrt(rows));
    const whole = Math.floor(rows / stage) * stage;
    const head = whole === rows ? x : tf.slice(x, [0, 0], [whole, width]);
    const sum = tf.sum(tf.sum(tf.reshape(head, [-1, stage, width]), 1), 0);
    return (whole === rows ? sum : tf.add(sum, tf.sum(tf.slice(x, [whole, 0], [rows - whole, width]), 0))) as Tensor1D;
  });
}
