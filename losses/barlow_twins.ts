/**
 * Barlow Twins: the cross-correlation of two views.
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
  type RowBlock,
  rowBlocks,
  sumBlocks,
  takeCentered,
} from "./_moments.ts";
import { checkNumbers, checkRows, checkViews } from "./_moments_checks.ts";

/** Options of {@linkcode barlowTwins}. */
export interface BarlowTwinsOptions {
  /** The weight λ of correlations between different columns. 5e-3 if left out. */
  readonly lambda?: number;
  /** What is added to a variance before its root is taken. 1e-5 if left out. */
  readonly epsilon?: number;
  /** Rows that are looked at together. 1024 if left out; longer sums lose accuracy on some engines. */
  readonly rows?: number;
}

/**
 * Barlow Twins: each column shall correlate with itself across two views, and with no other column.
 *
 * L = Σⱼ (1 - Cⱼⱼ)² + λ Σⱼ≠ₖ Cⱼₖ², with Cⱼₖ = 1/N Σᵢ (aᵢⱼ - āⱼ)(bᵢₖ - b̄ₖ) / (σ(a)ⱼ σ(b)ₖ), ā and b̄ the means of
 * columns and σ² their variances, with N in the denominator and epsilon added.
 *
 * The loss takes two matrices `[examples, dim]`, the views: row i of both belongs to example i. A constant column
 * correlates with nothing. Neither the means of columns nor, but for epsilon, their scales matter.
 *
 * Moments are summed block by block, and so is the gradient, in closed form when it is asked for. Beside the views and
 * their gradients there are a few matrices of `dim` × `dim` and of `rows` × `dim`, whatever the number of examples, and
 * while gradients are joined from their blocks one matrix of the size of a view. The size of blocks does not change the
 * loss but for rounding. Second derivatives are not available.
 *
 * Zbontar, Jing, Misra, LeCun and Deny, "Barlow Twins: self-supervised learning via redundancy reduction", 2021.
 *
 * @throws {RangeError} If lambda is not a finite number of at least 0, epsilon not one above 0, or `rows` no integer of
 * at least 1. The loss throws a TypeError for anything but two matrices, and a RangeError if they differ in shape or
 * have fewer than two examples.
 *
 * @example
 * ```ts
 * import { barlowTwins } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const loss = barlowTwins({ lambda: 0.1 });
 * const context = { training: true, key: key(0) };
 * const spread = tf.tensor2d([[1, 1], [1, -1], [-1, 1], [-1, -1]]);
 * assertAlmostEquals(loss([spread, tf.mul(spread, 3)], context).dataSync()[0]!, 0, 1e-6);
 * // Swapped columns: no column correlates with itself, and each with the other.
 * assertAlmostEquals(loss([spread, tf.reverse(spread, 1)], context).dataSync()[0]!, 2 + 0.1 * 2, 1e-4);
 * ```
 */
export function barlowTwins(options: BarlowTwinsOptions = {}): Loss {
  const { lambda = 5e-3, epsilon = 1e-5, rows = 1024 } = options;
  checkNumbers("Barlow Twins", { lambda });
  checkNumbers("Barlow Twins", { epsilon }, { strict: true });
  checkRows("Barlow Twins", rows);
  return (representations): Scalar => {
    const [a, b] = checkViews("Barlow Twins", representations);
    const [n, d] = a.shape;
    const blocks = rowBlocks(n, rows);
    return withGradient([a, b], (save) => {
      const standardized = [standardize(a, blocks, epsilon), standardize(b, blocks, epsilon)] as const;
      const [products, distances] = sumBlocks(blocks, (block) => {
        const [x, y] = [takeStandardized(standardized[0], block), takeStandardized(standardized[1], block)];
        return [columnProducts(x, y), columnSums(tf.square(tf.sub(y, x)))];
      });
      const correlations = tf.div(products!, n);
      const others = tf.mul(correlations, tf.sub(1, tf.eye(d)));
      // 1 - C of a column with itself, from how far its standardized values are apart and what epsilon shrinks them by:
      // where C nears 1, taking it from 1 would leave little but rounding.
      const shrinking = tf.mul(tf.addN(standardized.map(([, , , inverse]) => tf.square(inverse))), epsilon);
      const missing = tf.mul(tf.add(tf.div(distances!, n), shrinking), 0.5);
      save(() => {
        const own = tf.mul(missing, -2 / n);
        const across = tf.mul(others, 2 * lambda / n);
        const along = tf.mul(across, others);
        const scalings = [1, 0].map((axis) => tf.sub(tf.mul(own, missing), tf.reshape(tf.sum(along, axis), [1, d])));
        return [...standardized[0], ...standardized[1], own, across, ...scalings];
      });
      const squared = tf.sum(tf.sum(tf.square(others), 0));
      return { value: tf.add(tf.sum(tf.square(missing)), tf.mul(squared, lambda)), pullBack };
    }) as Scalar;

    /**
     * With x and y the standardized rows, s the slope of a column's correlation with itself and S those with others, the
     * gradient of A is (y Sᵀ + s (y - C x) - x Σ S C) / σ: standardizing takes off what x has along it. Again with
     * 1 - C in place of C: y - C x = (y - x) + (1 - C) x.
     */
    function pullBack(cotangent: Tensor, saved: readonly Tensor[]): Tensor[] {
      const [a, b] = [saved.slice(0, 4), saved.slice(4, 8)] as unknown as [Standardized, Standardized];
      const [own, across, scalingA, scalingB] = saved.slice(8) as [Tensor, Tensor2D, Tensor, Tensor];
      const transposed = tf.transpose(across);
      const factors = [a, b].map(([, , , inverse]) => tf.mul(inverse, cotangent));
      return joinBlocks(blocks, (block) => {
        const [x, y] = [takeStandardized(a, block), takeStandardized(b, block)];
        const together = tf.mul(tf.sub(y, x), own);
        const ofX = tf.add(tf.matMul(y, transposed), tf.add(tf.mul(x, scalingA), together));
        const ofY = tf.add(tf.matMul(x, across), tf.sub(tf.mul(y, scalingB), together));
        return [tf.mul(ofX, factors[0]!), tf.mul(ofY, factors[1]!)];
      });
    }
  };
}

/** A matrix, where its columns have their means, and the inverse deviation of each, `[1, dim]`. */
type Standardized = readonly [...Centered, inverse: Tensor];

function standardize(x: Tensor2D, blocks: readonly RowBlock[], epsilon: number): Standardized {
  const centered = center(x, blocks);
  const [squares] = sumBlocks(blocks, (block) => [columnSums(tf.square(takeCentered(centered, block)))]);
  return [...centered, tf.rsqrt(tf.add(tf.div(squares!, x.shape[0]), epsilon))];
}

function takeStandardized([x, origin, offset, inverse]: Standardized, block: RowBlock): Tensor2D {
  return tf.tidy(() => tf.mul(takeCentered([x, origin, offset], block), inverse));
}
