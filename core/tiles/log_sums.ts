/**
 * Logarithms of sums over pairs, by a kernel that makes no matrix of pairs.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { fused } from "../_fused.ts";
import { pullBackUnit, unitRows } from "../ops/normalize.ts";
import type { Pairs } from "../pairs/types.ts";
import type { LogSums } from "../row_loss.ts";
import type { Scalar, Tensor, Tensor2D } from "../types.ts";
import { type Group, groupInputs, type Groups, turned, type Whole } from "./_groups.ts";

/**
 * The loss of logarithms of sums over all groups, and for each input its gradient.
 *
 * The derivative of log(1 + exp l) by the logarithm l of a sum is 1 / (1 + exp -l); that of l by an anchor comes from the
 * kernel, which goes on from what it gave for the group before. A reference has a share of each anchor's sum: its
 * exponential over 1 + exp l.
 */
export function logSumsWhole(logSums: LogSums, pairs: Pairs, groups: Groups, differentiate: boolean): Whole {
  const { anchors, references, constant } = pairs;
  const { positiveSlope, negativeSlope } = logSums;
  const rows = anchors.shape[0];
  const unit = unitRows(anchors);
  const empty = tf.tensor1d([]);
  const pull = (rows: Tensor2D, group: Group, { offsets = empty, logs = empty, gradient = empty }: Given = {}) =>
    pairLogSums(logSums, [...groupInputs(rows, group), offsets, logs, gradient], differentiate);
  let found: Found | undefined;
  for (const group of groups) found = pull(unit.unit, group, found);
  const { logs, gradient } = found!;
  const soft = tf.softplus(logs);
  const factors = tf.tensor2d([positiveSlope, negativeSlope].map((slope) => 1 / (Math.abs(slope) * rows)), [2, 1]);
  const value = tf.sum(tf.mul(soft, factors)) as Scalar;
  if (!differentiate) return { value, gradients: [] };
  const own = weighted(gradient, tf.mul(tf.sigmoid(logs), factors));
  if (constant) return { value, gradients: [pullBackUnit(own, unit)] };
  const theirs = anchors === references ? unit : unitRows(references);
  const others = weighted(pull(theirs.unit, turned(anchors, groups[0]), { offsets: soft }).gradient, factors);
  if (anchors === references) return { value, gradients: [pullBackUnit(tf.add(own, others), unit)] };
  return { value, gradients: [pullBackUnit(own, unit), pullBackUnit(others, theirs)] };
}

/** The sum of both parts' gradients `[2, rows, dim]`, times their weights, `[2, rows]` or `[2, 1]`. */
function weighted(gradient: Tensor, weights: Tensor2D): Tensor2D {
  return tf.sum<Tensor2D>(tf.mul(gradient, tf.expandDims(weights, 2)), 0);
}

/** Logarithms `[2, anchors]` and their gradients by the anchors, `[2, anchors, dim]`. */
interface Found {
  readonly logs: Tensor2D;
  readonly gradient: Tensor;
}

/** What the kernel is given beside rows: what it gave before, or by what exponentials are divided. */
interface Given extends Partial<{ readonly [name in keyof Found]: Tensor }> {
  /** Logarithms, `[2, references]`. */
  readonly offsets?: Tensor;
}

function pairLogSums(
  { positiveSlope, negativeSlope, base }: LogSums,
  inputs: readonly Tensor[],
  differentiate: boolean,
): Found {
  const attributes = { differentiate: +differentiate, positiveSlope, negativeSlope, base };
  const [logs, gradient] = fused("WindowLogSums", inputs, attributes)!;
  return { logs: logs as Tensor2D, gradient: gradient! };
}
