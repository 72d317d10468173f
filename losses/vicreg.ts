/**
 * VICReg: invariance, variance and covariance of two views.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { withGradient } from "../core/ops/custom_gradient.ts";
import type { Loss, Scalar, Tensor, Tensor2D } from "../core/types.ts";
import {
  center,
  type Centered,
  columnProducts,
  columnSums,
  joinBlocks,
  rowBlocks,
  sumBlocks,
  takeCentered,
  takeRows,
} from "./_moments.ts";
import { checkNumbers, checkRows, checkViews } from "./_moments_checks.ts";

/** Options of {@linkcode vicReg}. */
export interface VicRegOptions {
  /** The weight of the mean squared distance of the views. 25 if left out. */
  readonly invariance?: number;
  /** The weight of what standard deviations fall short of the target. 25 if left out. */
  readonly variance?: number;
  /** The weight of covariances between columns. 1 if left out. */
  readonly covariance?: number;
  /** The standard deviation γ that each column shall have at least. 1 if left out. */
  readonly target?: number;
  /** What is added to a variance before its root is taken. 1e-4 if left out. */
  readonly epsilon?: number;
  /** Rows that are looked at together. 1024 if left out; longer sums lose accuracy on some engines. */
  readonly rows?: number;
}

/**
 * VICReg: two views of each example shall agree, while each column varies and no two columns vary together.
 *
 * L = invariance · 1/(N d) Σᵢⱼ (aᵢⱼ - bᵢⱼ)² + variance · ½ (s(A) + s(B)) + covariance · (c(A) + c(B)), with
 * s(Z) = 1/d Σⱼ max(0, γ - √(C(Z)ⱼⱼ + epsilon)), c(Z) = 1/d Σⱼ≠ₖ C(Z)ⱼₖ² and C(Z) the covariance matrix of the columns
 * of Z, with N - 1 in its denominator.
 *
 * The loss takes two matrices `[examples, dim]`, the views: row i of both belongs to example i.
 *
 * Means and covariances are summed block by block, and so is the gradient, in closed form when it is asked for. Beside
 * the views and their gradients there are a few matrices of `dim` × `dim` and of `rows` × `dim`, whatever the number of
 * examples, and while gradients are joined from their blocks one matrix of the size of a view. The size of blocks does
 * not change the loss but for rounding. Second derivatives are not available.
 *
 * Bardes, Ponce and LeCun, "VICReg: variance-invariance-covariance regularization for self-supervised learning", 2022.
 *
 * @throws {RangeError} If a weight or the target is not a finite number of at least 0, epsilon not one above 0, or
 * `rows` no integer of at least 1. The loss throws a TypeError for anything but two matrices, and a RangeError if they
 * differ in shape or have fewer than two examples.
 *
 * @example
 * ```ts
 * import { vicReg } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const loss = vicReg();
 * const context = { training: true, key: key(0) };
 * const spread = tf.tensor2d([[1, 1], [1, -1], [-1, 1], [-1, -1]]);
 * assertAlmostEquals(loss([spread, spread], context).dataSync()[0]!, 0, 1e-6);
 * // Views that collapsed to a point agree, but do not vary.
 * const point = tf.ones([4, 2]) as tf.Tensor2D;
 * assertAlmostEquals(loss([point, point], context).dataSync()[0]!, 25 * (1 - 0.01), 1e-5);
 * ```
 */
export function vicReg(options: VicRegOptions = {}): Loss {
  const { invariance = 25, variance = 25, covariance = 1, target = 1, epsilon = 1e-4, rows = 1024 } = options;
  checkNumbers("VICReg", { invariance, variance, covariance, target });
  checkNumbers("VICReg", { epsilon }, { strict: true });
  checkRows("VICReg", rows);
  return (representations): Scalar => {
    const [a, b] = checkViews("VICReg", representations);
    const [n, d] = a.shape;
    const blocks = rowBlocks(n, rows);
    return withGradient([a, b], (save) => {
      const views = [center(a, blocks), center(b, blocks)] as const;
      const [apart, ...products] = sumBlocks(blocks, (block) => {
        const difference: Tensor2D = tf.sub(takeRows(a, block), takeRows(b, block));
        return [
          columnSums(tf.square(difference)),
          ...views.map((view) => {
            const centered = takeCentered(view, block);
            return columnProducts(centered, centered);
          }),
        ];
      });
      const [ofA, ofB] = products.map((sum) => regularize(tf.div(sum, n - 1))) as [Regularized, Regularized];
      save(() => [...views[0], ...views[1], ofA.slope(), ofB.slope()]);
      return {
        value: tf.addN([tf.mul(tf.mean(apart!), invariance / n), ofA.penalty, ofB.penalty]),
        pullBack: (cotangent, saved) => {
          const [a, b] = [saved.slice(0, 3), saved.slice(3, 6)] as unknown as [Centered, Centered];
          // With the weight 1 / (n - 1) of an example in a covariance.
          const [slopeA, slopeB] = saved.slice(6).map((slope) => tf.mul(slope, tf.div(cotangent, n - 1)));
          const pull = tf.mul(cotangent, 2 * invariance / (n * d));
          return joinBlocks(blocks, (block) => {
            const together = tf.mul(tf.sub(takeRows(a[0], block), takeRows(b[0], block)), pull);
            return [
              tf.add(tf.matMul(takeCentered(a, block), slopeA as Tensor2D), together),
              tf.sub(tf.matMul(takeCentered(b, block), slopeB as Tensor2D), together),
            ];
          });
        },
      };
    }) as Scalar;

    /** The variance and covariance terms of one view, from its covariance matrix. */
    function regularize(matrix: Tensor): Regularized {
      const diagonal = tf.eye(d);
      const deviations = tf.sqrt(tf.add(tf.sum(tf.mul(matrix, diagonal), 0), epsilon));
      const missing = tf.relu(tf.sub(target, deviations));
      const others = tf.mul(matrix, tf.sub(1, diagonal));
      const squares = tf.sum(tf.sum(tf.square(others), 0));
      return {
        penalty: tf.add(tf.mul(tf.mean(missing), variance / 2), tf.mul(squares, covariance / d)),
        slope: () => {
          const ofDeviations = tf.mul(tf.div(tf.step(missing), deviations), variance / (2 * d));
          return tf.sub(tf.mul(others, 4 * covariance / d), tf.mul(diagonal, ofDeviations));
        },
      };
    }
  };
}

interface Regularized {
  readonly penalty: Tensor;
  /** What a view's centered rows are multiplied by for their gradient, but for the weight of a row. */
  readonly slope: () => Tensor;
}
