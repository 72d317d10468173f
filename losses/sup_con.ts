/**
 * The supervised contrastive loss.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { anyInRow, countRows, maskedLogSumExp, maskedSum } from "../core/ops/pairs/mod.ts";
import { type RowLoss, rowLoss } from "../core/row_loss.ts";
import type { Scalar, Tensor2D } from "../core/types.ts";
import { heated, scaled } from "./_heat.ts";
import { checkReduction } from "./_measures.ts";
import type { Temperature } from "./temperature.ts";

/** Options of {@linkcode supCon}. */
export interface SupConOptions {
  /** The temperature τ that similarities are divided by, fixed or learnt. 0.1 if left out. */
  readonly temperature?: number | Temperature;
  /** What the mean is over: the anchors with a positive, or all, the others counting as 0. `nonZero` if left out. */
  readonly reduction?: "nonZero" | "all";
}

/**
 * The supervised contrastive loss: each anchor shall be near all examples of its label.
 *
 * L = mean over anchors with a positive of -1/|P(a)| Σ_{p ∈ P(a)} ( s_ap/τ - log Σ_{j ∈ P(a) ∪ N(a)} exp(s_aj/τ) ), with s
 * the cosine, P(a) the other examples of a's label and N(a) those of other labels.
 *
 * Takes one matrix `[N, dim]` or several views of the same examples, and labels `[N]` as the targets of the step.
 * Anchors without a positive are left out of the mean, or by `reduction: "all"` count as 0 in it; the loss is 0 if there is
 * none. A row loss: it is evaluated in tiles.
 *
 * Khosla et al., "Supervised contrastive learning", 2020.
 *
 * @throws {RangeError} If a fixed temperature is not a finite number above 0, or `reduction` is unknown.
 *
 * @example
 * ```ts
 * import { supCon } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const targets = tf.tensor1d([0, 0, 1], "int32");
 * const rows = tf.tensor2d([[1, 0], [1, 0], [0, 1]]);
 * const value = supCon({ temperature: 1 })([rows], { training: true, key: key(0), targets });
 * assertAlmostEquals(value.dataSync()[0]!, Math.log(Math.E + 1) - 1, 1e-6);
 * ```
 */
export function supCon(options: SupConOptions = {}): RowLoss {
  const { temperature = 0.1, reduction = "nonZero" } = options;
  checkReduction("SupCon", reduction);
  return rowLoss({
    title: "SupCon",
    ...heated(temperature),
    terms: ({ similarity, positive, negative, rows, shared }) => {
      const logits = scaled(similarity, temperature, { shared });
      const partition = maskedLogSumExp(logits, tf.logicalOr(positive, negative) as Tensor2D);
      const has = anyInRow(positive);
      const matched = tf.div(maskedSum(logits, positive), tf.maximum(countRows(positive), 1));
      return {
        sum: tf.sum(tf.mul(tf.sub(partition, matched), has)) as Scalar,
        count: reduction === "all" ? rows : tf.sum(has) as Scalar,
      };
    },
  });
}
