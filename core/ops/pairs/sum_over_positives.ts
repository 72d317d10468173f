/**
 * Sums over the positives of each anchor, with what the positives themselves are compared with.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { pullback, untaped } from "../../_autodiff.ts";
import type { Scalar, Tensor, Tensor1D, Tensor2D } from "../../types.ts";
import { withGradient } from "../custom_gradient.ts";
import { pack, unpack } from "./_packed.ts";
import { eachPositive, type PositiveSlot } from "./positive_slots.ts";

/** One positive of each anchor. */
export interface Positive {
  /** The positives, the first reference for an anchor that has no further one, `[rows, dim]`. */
  readonly rows: Tensor2D;
  /** Their products with all references, `[rows, references]`. */
  readonly similarity: Tensor2D;
  /** Whether the anchor has a further one, bool `[rows, 1]`. */
  readonly valid: Tensor2D;
}

/** A sum, and what its mean is over. */
export interface PositiveSum {
  /** The sum of the terms. */
  readonly sum: Scalar;
  /** How many terms the mean is over, a constant for the gradient. */
  readonly count: Scalar;
}

/** Options of {@linkcode sumOverPositives}. */
export interface PositivesOptions {
  /** Which references are positives, bool `[rows, references]`. */
  readonly positive: Tensor2D;
  /** `[references, dim]` */
  readonly references: Tensor2D;
  /** What else the terms depend on that a gradient is wanted for. */
  readonly inputs: readonly Tensor[];
}

/**
 * Adds up terms over the first positive of every anchor, the second of every anchor, and so on.
 *
 * Each is differentiated on a tape of its own as soon as it is computed, so that no more than one positive of each anchor
 * is compared with the references at a time. The tape holds one gradient for each input and one for the references.
 *
 * @param options What there are positives of, and what the terms depend on besides.
 * @param term The terms of one positive of each anchor; what it makes is disposed.
 *
 * @example
 * ```ts
 * import { sumOverPositives, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const positive = tf.tensor2d([[0, 1, 1]], [1, 3], "bool");
 * const references = tf.tensor2d([[1, 0], [2, 0], [0, 3]]);
 * const { sum } = sumOverPositives({ positive, references, inputs: [] }, ({ similarity }) => ({
 *   sum: tf.sum(similarity),
 *   count: tf.scalar(1),
 * }));
 * // (2, 0) and (0, 3) times all references.
 * assertEquals(sum.dataSync()[0], 2 + 4 + 0 + 0 + 0 + 9);
 * ```
 */
export function sumOverPositives(
  { positive, references, inputs }: PositivesOptions,
  term: (positive: Positive) => PositiveSum,
): PositiveSum {
  const terms = (found: Positive) => {
    const { sum, count } = term(found);
    return pack([sum, untaped(() => tf.cast(count, "float32"))]);
  };
  const packed = withGradient([references, ...inputs], (save) => {
    let value: Tensor1D | undefined;
    save(() => {
      const flows = openFlows(references, inputs, positive.size);
      value = addUp(positive, references, (found, { index }) => {
        const { value, gradients } = pullback(
          () => terms(found),
          () => [found.similarity, found.rows, ...inputs],
          () => tf.tensor1d([1, 0]),
        );
        flows.add(found.rows, index, gradients);
        return value;
      });
      return flows.end();
    });
    value ??= addUp(positive, references, (found) => tf.tidy(() => terms(found)));
    return { value, pullBack: (dy, gradients) => gradients.map((gradient) => tf.mul(gradient, unpack(dy, 0))) };
  });
  return { sum: unpack(packed, 0), count: unpack(packed, 1) };
}

/** Adds up what a visitor gives for each slot. */
function addUp(
  positive: Tensor2D,
  references: Tensor2D,
  visit: (found: Positive, slot: PositiveSlot) => Tensor1D,
): Tensor1D {
  const values: Tensor1D[] = [tf.zeros([2])];
  const transposed = tf.transpose(references);
  eachPositive(positive, (slot) => {
    const rows = tf.gather(references, slot.index) as Tensor2D;
    const similarity = tf.matMul(rows, transposed) as Tensor2D;
    values.push(visit({ rows, similarity, valid: slot.valid }, slot));
    tf.dispose([rows, similarity]);
  });
  transposed.dispose();
  return tf.addN(values);
}

/** Gradients of the references and of the inputs, added up over slots. */
function openFlows(references: Tensor2D, inputs: readonly Tensor[], block: number) {
  const [count, dim] = references.shape;
  // The largest sum is kept in pieces, so that adding to it takes little more than the sum itself.
  const width = Math.ceil(block / dim);
  const spans = Array.from({ length: Math.ceil(count / width) }, (_, i) => i * width)
    .map((first) => ({ first, some: Math.min(width, count - first) }));
  const toAll: (Tensor | undefined)[] = spans.map(() => undefined);
  const toInputs: (Tensor | undefined)[] = inputs.map(() => undefined);
  const toRows: { gradient: Tensor; index: Tensor }[] = [];
  return {
    /** Takes over the gradients of similarities, of the rows and of each input. */
    add(rows: Tensor2D, index: Tensor1D, [similarity, direct, ...others]: readonly (Tensor | undefined)[]): void {
      others.forEach((gradient, i) => toInputs[i] = plus(toInputs[i], gradient));
      const gradient = plus(direct, similarity && tf.matMul(similarity as Tensor2D, references));
      if (gradient) toRows.push({ gradient, index: tf.clone(index) });
      if (!similarity) return;
      const flipped = tf.transpose(similarity as Tensor2D);
      similarity.dispose();
      spans.forEach(({ first, some }, i) => {
        const product = tf.tidy(() => tf.matMul(tf.slice(flipped, [first, 0], [some, -1]), rows));
        toAll[i] = plus(toAll[i], product);
      });
      flipped.dispose();
    },
    /** The gradients of the references and of each input. */
    end(): Tensor[] {
      const whole = toAll[0] && tf.concat(toAll as Tensor[], 0);
      tf.dispose(toAll as Tensor[]);
      const picked = toRows.length === 0 ? undefined : tf.tidy(() => {
        const [gradients, indices] = [toRows.map(({ gradient }) => gradient), toRows.map(({ index }) => index)];
        return tf.unsortedSegmentSum(tf.concat(gradients, 0), tf.concat(indices, 0) as Tensor1D, count);
      });
      const found = [plus(whole, picked), ...toInputs];
      return [references, ...inputs].map((input, i) => found[i] ?? tf.zerosLike(input));
    },
  };
}

/** The sum of two tensors, which it takes over. */
function plus(a: Tensor | undefined, b: Tensor | undefined): Tensor | undefined {
  if (!a || !b) return a ?? b;
  const sum = tf.add(a, b);
  tf.dispose([a, b]);
  return sum;
}
