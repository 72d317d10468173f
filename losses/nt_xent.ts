/**
 * NT-Xent, the loss of SimCLR.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { contrastSum, countRows } from "../core/ops/pairs/mod.ts";
import { views } from "../core/pairs/same_label.ts";
import type { Pairing } from "../core/pairs/types.ts";
import { type RowLoss, rowLoss } from "../core/row_loss.ts";
import type { Scalar } from "../core/types.ts";
import { heated, scaled } from "./_heat.ts";
import type { Temperature } from "./temperature.ts";

/** Options of {@linkcode ntXent}. */
export interface NTXentOptions {
  /** The temperature τ that similarities are divided by, fixed or learnt. 0.07 if left out. */
  readonly temperature?: number | Temperature;
  /** Which pairs are positives: `views()`, as in SimCLR, if left out, or `sameLabel()` for labels. */
  readonly pairing?: Pairing;
}

/**
 * NT-Xent, the normalized and temperature-scaled cross-entropy: each positive shall be nearer than all negatives.
 *
 * L = mean over positive pairs (a, p) of -log( exp(s_ap/τ) / ( exp(s_ap/τ) + Σ_{n ∈ N(a)} exp(s_an/τ) ) ), with s the cosine.
 * Other positives of the anchor are not in the denominator. It is computed as softplus( log Σₙ exp(s_an/τ) - s_ap/τ ): stable
 * at low temperatures, and quadratic in the number of rows whatever the number of positives.
 *
 * By default it takes two views or more of the same N examples, `[N, dim]` each, and is the loss of SimCLR: every row is an
 * anchor, its other views are its positives, and all rows of other examples its negatives. Targets play no part. With
 * `pairing: sameLabel()` it takes one matrix or several views, and labels `[N]` as the targets of the step. With
 * `pairing: aligned()` it is {@linkcode infoNCE}. Anchors without a positive are left out, and the loss is 0 if there is none;
 * a pair without negatives counts as 0. A row loss: it is evaluated in tiles.
 *
 * Chen, Kornblith, Norouzi and Hinton, "A simple framework for contrastive learning of visual representations", 2020. The
 * mean is over all 2N rows, as there; their program averages over N. With labels it is the NTXentLoss of
 * pytorch-metric-learning.
 *
 * @throws {RangeError} If a fixed temperature is not a finite number above 0.
 *
 * @example
 * ```ts
 * import { ntXent } from "@gradfold/gradfold/losses";
 * import { key, sameLabel, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const view = tf.tensor2d([[1, 0], [0, 1]]);
 * const value = ntXent({ temperature: 1 })([view, view], { training: true, key: key(0) });
 * // The positive has similarity 1, both rows of the other example 0.
 * assertAlmostEquals(value.dataSync()[0]!, Math.log(Math.E + 2) - 1, 1e-6);
 *
 * const byLabel = ntXent({ temperature: 1, pairing: sameLabel() });
 * const targets = tf.tensor1d([4, 4, 9], "int32");
 * const rows = tf.tensor2d([[1, 0], [1, 0], [0, 1]]);
 * const labelled = byLabel([rows], { training: true, key: key(0), targets });
 * assertAlmostEquals(labelled.dataSync()[0]!, Math.log(Math.E + 1) - 1, 1e-6);
 * ```
 */
export function ntXent(options: NTXentOptions = {}): RowLoss {
  const { temperature = 0.07, pairing = views() } = options;
  return rowLoss({
    title: "NT-Xent",
    pairing,
    ...heated(temperature),
    terms: ({ similarity, positive, negative, shared }) => ({
      sum: tf.sum(contrastSum(scaled(similarity, temperature, { shared }), positive, negative)) as Scalar,
      count: tf.sum(countRows(positive)) as Scalar,
    }),
  });
}
