/**
 * The margin loss.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { withGradient } from "../core/ops/custom_gradient.ts";
import { tripletCounts, unitDistances } from "../core/ops/pairs/mod.ts";
import { type Block, type RowLoss, rowLoss, type RowSum } from "../core/row_loss.ts";
import type { Scalar, Tensor } from "../core/types.ts";
import { checkFiniteOption } from "./_checks.ts";

/** Options of {@linkcode margin}. */
export interface MarginOptions {
  /** How much nearer than the boundary positives, and how much farther negatives shall be. 0.2 if left out. */
  readonly margin?: number;
  /** The boundary β between positives and negatives, a distance: fixed, or learnt from a start. 1.2 if left out. */
  readonly beta?: number | { readonly initial: number };
  /** How strongly a learnt boundary is held down: the factor of β that is added to the loss. 0 if left out. */
  readonly nu?: number;
}

/** The margin loss, with what it may learn besides the representations. */
export interface MarginLoss extends RowLoss {
  /** Disposes the variable of the loss. */
  dispose(): void;
}

/**
 * The margin loss: positives shall be nearer and negatives farther than a boundary, by a margin.
 *
 * L = mean of max(d_ap - β + m, 0) and max(β - d_an + m, 0) over all triplets of an anchor, a positive and a negative, so
 * that a pair counts as often as it is in a triplet; d is the distance of rows at length 1. The mean is over the terms above
 * 0 and is 0 if there is none.
 *
 * The boundary β may be a parameter of the loss, `beta`, one number for all classes; ν β is added to the loss then.
 *
 * Takes one matrix `[N, dim]` or several views of the same examples, and labels `[N]` as the targets of the step. Miners of
 * triplets narrow down which count. A row loss: it is evaluated in tiles.
 *
 * Wu, Manmatha, Smola and Krähenbühl, "Sampling matters in deep embedding learning", 2017.
 *
 * @throws {RangeError} If an option is not a finite number, `nu` is below 0, or above it although β is fixed.
 *
 * @example
 * ```ts
 * import { margin } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const targets = tf.tensor1d([0, 0, 1], "int32");
 * const rows = tf.tensor2d([[1, 0], [0, 1], [1, 0]]);
 * const value = margin()([rows], { training: true, key: key(0), targets });
 * // The positives are √2 apart, seen from both; the negative is at distance 0 of the first and √2 of the second.
 * assertAlmostEquals(value.dataSync()[0]!, (2 * (Math.SQRT2 - 1) + 1.4) / 3, 1e-6);
 *
 * const learnt = margin({ beta: { initial: 1 }, nu: 0.01 });
 * assertEquals(Object.keys(learnt.params!), ["beta"]);
 * learnt.dispose();
 * ```
 */
export function margin(options: MarginOptions = {}): MarginLoss {
  const { margin = 0.2, beta = 1.2, nu = 0 } = options;
  const start: { readonly [name: string]: number } = typeof beta === "number"
    ? { beta }
    : { "beta.initial": beta.initial };
  checkFiniteOption("the margin loss", { margin, ...start, nu });
  if (nu < 0 || (nu > 0 && typeof beta === "number")) {
    const expected = nu < 0 ? "a number of at least 0" : "0 for a fixed beta";
    throw new RangeError(`Cannot make the margin loss: nu is ${nu}, expected ${expected}`);
  }
  const learnt = typeof beta === "number" ? undefined : tf.tidy(() => tf.variable(tf.scalar(beta.initial)));
  const boundary = () => learnt as Scalar | undefined ?? tf.scalar(beta as number);
  const loss = rowLoss({
    title: "the margin loss",
    ...(learnt ? { params: { beta: learnt }, penalty: () => tf.mul(learnt, nu) as Scalar } : {}),
    terms: (block) => hinges(block, boundary(), margin),
  });
  return Object.assign(loss, { dispose: () => learnt?.dispose() });
}

/** The terms of all pairs, each as often as it is in a triplet. */
function hinges(block: Block, boundary: Scalar, margin: number): RowSum {
  const distances = unitDistances(block.similarity);
  const counts = tripletCounts(block, distances);
  const sums = withGradient([distances, boundary], (save) => {
    const signs = tf.tidy(() => tf.sub(tf.mul(tf.cast(block.positive, "float32"), 2), 1));
    const x = tf.tidy(() => tf.add(tf.mul(tf.sub(distances, boundary), signs), margin));
    const weights = tf.tidy(() => tf.mul(tf.step(x), counts));
    save(() => [tf.mul(weights, signs)]);
    return {
      value: tf.stack([sum(tf.mul(weights, x)), sum(weights)]),
      pullBack: (dy, [slopes]) => {
        const gradient = tf.mul(slopes!, tf.slice(dy, [0], [1]));
        return [gradient, tf.neg(sum(gradient))];
      },
    };
  });
  const [total, count] = tf.unstack(sums) as [Scalar, Scalar];
  return { sum: total, count };
}

/** Rows first: the rounding error of a long float32 sum grows with its length. */
function sum(terms: Tensor): Scalar {
  return tf.sum(tf.sum(terms, 1)) as Scalar;
}
