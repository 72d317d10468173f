/**
 * N-pairs: one pair of each class, and the other classes as negatives.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { canReadSync } from "../core/backend.ts";
import { withGradient } from "../core/ops/custom_gradient.ts";
import type { Batch, Loss, Scalar, Tensor1D, Tensor2D } from "../core/types.ts";
import { checkPairs } from "./_checks.ts";
import { checkNumbers } from "./_moments_checks.ts";
import { infoNCE } from "./info_nce.ts";

/** Options of {@linkcode nPairs}. */
export interface NPairsOptions {
  /** How rows are compared: by the cosine of their angle or by their dot product. Dot if left out, as in the paper. */
  readonly similarity?: "cosine" | "dot";
  /** The weight of the mean squared length of the rows that take part. 0 if left out. */
  readonly regularization?: number;
}

/**
 * N-pairs: the anchor of each class shall pick its positive among the positives of all classes.
 *
 * L = 1/C Σᵢ ( log Σⱼ exp(aᵢ·pⱼ) - aᵢ·pᵢ ) + regularization · 1/(2C) Σᵢ ( ‖aᵢ‖² + ‖pᵢ‖² ), over C pairs.
 *
 * The loss takes one matrix `[examples, dim]` and the examples' labels as the targets of the step, int32 `[examples]`, or
 * their field `labels`. The first example of each class is its anchor and the second its positive; further examples and
 * classes of one example are left out and get the gradient 0. If no class has two, the loss is 0. Labels are read to find
 * the pairs, which an engine without synchronous reading (webgpu) cannot do.
 *
 * Or it takes two matrices `[pairs, dim]`, the anchors and the positives, row i of both from a class of its own; then
 * targets play no part.
 *
 * It is `infoNCE` at temperature 1 over the pairs, and takes the memory of that. With `"cosine"` rows are scaled to
 * length 1 before they are compared, so that the loss cannot fall below log(1 + (C - 1) e⁻²). The regularization is that
 * of the rows as they come.
 *
 * Sohn, "Improved deep metric learning with multi-class N-pair loss objective", 2016.
 *
 * @throws {RangeError} If `similarity` is neither of the two or `regularization` not a finite number of at least 0. The
 * loss throws one for two matrices that differ in shape or are empty, and for labels that do not fit the rows or are no
 * integers, and a TypeError for inputs or targets of another kind.
 *
 * @example
 * ```ts
 * import { nPairs } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const loss = nPairs();
 * const rows = tf.tensor2d([[1, 0], [0, 1], [1, 0], [0, 1], [5, 5]]);
 * const targets = tf.tensor1d([3, 7, 3, 7, 9], "int32");
 * // Two classes with two examples, whose similarities are 1 within and 0 across.
 * const value = loss([rows], { training: true, key: key(0), targets });
 * assertAlmostEquals(value.dataSync()[0]!, Math.log(Math.E + 1) - 1, 1e-6);
 * ```
 */
export function nPairs(options: NPairsOptions = {}): Loss {
  const { similarity = "dot", regularization = 0 } = options;
  if (similarity !== "cosine" && similarity !== "dot") {
    throw new RangeError(`Cannot make N-pairs: similarity is ${similarity}, expected "cosine" or "dot"`);
  }
  checkNumbers("N-pairs", { regularization });
  const coupling = infoNCE({ temperature: 1, similarity });
  return (representations, { targets, ...context }): Scalar => {
    const pairs = representations.length === 1 ? firstPairs(representations[0]!, targets) : undefined;
    if (!pairs) checkAligned(representations);
    return tf.tidy(() => {
      if (pairs?.anchors.length === 0) return zero(representations[0]!);
      const sides = pairs
        ? [pickRows(representations[0]!, pairs.anchors), pickRows(representations[0]!, pairs.positives)]
        : representations;
      const coupled = coupling(sides, context);
      if (regularization === 0) return coupled;
      const lengths = sides.map((rows) => tf.mean(tf.sum(tf.square(rows), 1)));
      return tf.add(coupled, tf.mul(tf.add(lengths[0]!, lengths[1]!), regularization / 2));
    });
  };
}

/** The rows of the first and the second example of each class that has two. */
function firstPairs(x: Tensor2D, targets: Batch | undefined): { anchors: Int32Array; positives: Int32Array } {
  if (x.rank !== 2) throw new TypeError(`Cannot compute N-pairs: input 0 has shape [${x.shape}], expected [rows, dim]`);
  const labels = readLabels(x.shape[0], targets);
  const first = new Map<number, number>();
  const second = new Map<number, number>();
  labels.forEach((label, row) => {
    if (!first.has(label)) first.set(label, row);
    else if (!second.has(label)) second.set(label, row);
  });
  return {
    anchors: Int32Array.from(second.keys(), (label) => first.get(label)!),
    positives: Int32Array.from(second.values()),
  };
}

function readLabels(rows: number, targets: Batch | undefined): Int32Array | Float32Array {
  const labels = targets instanceof tf.Tensor ? targets : (targets as { labels?: Batch } | undefined)?.labels;
  if (!(labels instanceof tf.Tensor)) {
    throw new TypeError("Cannot compute N-pairs: got one matrix and no labels, expected targets, int32 [examples]");
  }
  if (labels.dtype !== "int32" && labels.dtype !== "float32") {
    throw new TypeError(`Cannot compute N-pairs: labels are ${labels.dtype}, expected int32`);
  }
  if (labels.rank !== 1 || labels.shape[0] !== rows) {
    throw new RangeError(`Cannot compute N-pairs: labels have shape [${labels.shape}], expected [${rows}], one a row`);
  }
  if (!canReadSync()) {
    throw new TypeError(
      "Cannot compute N-pairs: this engine cannot read labels; expected two matrices, anchors and positives",
    );
  }
  const values = labels.dataSync<"int32" | "float32">();
  const odd = values.findIndex((label: number) => !Number.isInteger(label));
  if (odd >= 0) {
    throw new RangeError(`Cannot compute N-pairs: the label of example ${odd} is ${values[odd]}, expected an integer`);
  }
  return values;
}

function checkAligned(representations: readonly Tensor2D[]): void {
  if (representations.length > 2) {
    throw new TypeError(
      `Cannot compute N-pairs: got ${representations.length} matrices, expected one with labels, or anchors and positives`,
    );
  }
  checkPairs("N-pairs", representations);
  const [anchors, positives] = representations as [Tensor2D, Tensor2D];
  if (positives.shape[0] !== anchors.shape[0]) {
    throw new RangeError(
      `Cannot compute N-pairs: ${positives.shape[0]} positives for ${anchors.shape[0]} anchors, expected one each`,
    );
  }
}

/** Some rows of a matrix, keeping nothing on a tape; `tf.gather` would keep the whole matrix. */
function pickRows(x: Tensor2D, rows: Int32Array): Tensor2D {
  const ids = (): Tensor1D => tf.tensor1d(rows, "int32");
  return withGradient([x], () => ({
    value: tf.gather(x, ids()),
    pullBack: (cotangent) => [tf.unsortedSegmentSum(cotangent, ids(), x.shape[0])],
  })) as Tensor2D;
}

/** The number 0, which x gets a gradient of zeros from. */
function zero(x: Tensor2D): Scalar {
  return withGradient([x], () => ({ value: tf.scalar(0), pullBack: () => [tf.zeros(x.shape)] })) as Scalar;
}
