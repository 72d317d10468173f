/**
 * A loss at several widths of the same representations.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { withGradient } from "../core/ops/custom_gradient.ts";
import type { Loss, Scalar, Tensor2D } from "../core/types.ts";
import { checkNumbers } from "./_moments_checks.ts";

/** Options of {@linkcode matryoshka}. */
export interface MatryoshkaOptions {
  /** The widths: the loss is taken over the first `dims[i]` columns, for each i. */
  readonly dims: readonly number[];
  /** The weight of the loss at each width, in the order of `dims`. 1 each if left out. */
  readonly weights?: readonly number[];
}

/**
 * Trains prefixes of representations along with the whole, so that they can be cut to a shorter width afterwards.
 *
 * L = Σᵢ weightsᵢ · ℓ(Z₁[:, :dimsᵢ], Z₂[:, :dimsᵢ], …)
 *
 * Any loss ℓ fits that does not depend on the width, as one with proxies of a fixed width does. Every matrix is cut, and
 * every width is told the same context, so that random choices of the loss are the same. A column counts at the widths
 * that it is part of; one beyond all of them gets the gradient 0.
 *
 * The widths run one after the other, so what the loss needs at a time stays the same; only what it keeps for the
 * backward pass adds up. The cuts themselves keep nothing.
 *
 * Kusupati et al., "Matryoshka representation learning", 2022.
 *
 * @param loss The loss of one width.
 * @param options The widths and their weights.
 * @returns A loss with the same parameters, for matrices `[rows, dim]`, each at least as wide as the largest width.
 * @throws {TypeError} If the loss is no function. The loss throws one for an input that is no matrix.
 * @throws {RangeError} If `dims` is empty, has an entry twice, or one that is no integer of at least 1; or if weights are
 * not as many finite numbers of at least 0. The loss throws one for a matrix that is too narrow.
 *
 * @example
 * ```ts
 * import { infoNCE, matryoshka } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const inner = infoNCE();
 * const loss = matryoshka(inner, { dims: [2, 3], weights: [0.5, 1] });
 * const context = { training: true, key: key(0) };
 * const rows = tf.tensor2d([[1, 0, 2], [0, 1, 1]]);
 * const short = tf.slice(rows, [0, 0], [2, 2]);
 * const [atTwo, atThree] = [inner([short, short], context), inner([rows, rows], context)];
 * const expected = 0.5 * atTwo.dataSync()[0]! + atThree.dataSync()[0]!;
 * assertAlmostEquals(loss([rows, rows], context).dataSync()[0]!, expected, 1e-6);
 * ```
 */
export function matryoshka(loss: Loss, options: MatryoshkaOptions): Loss {
  const { dims, weights = dims.map(() => 1) } = options;
  check(loss, dims, weights);
  const widest = Math.max(...dims);
  const nested: Loss = (representations, context): Scalar => {
    for (const [i, { rank, shape }] of representations.entries()) {
      if (rank !== 2) {
        throw new TypeError(
          `Cannot compute the Matryoshka loss: input ${i} has shape [${shape}], expected [rows, dim]`,
        );
      }
      if (shape[1]! < widest) {
        throw new RangeError(
          `Cannot compute the Matryoshka loss: input ${i} is ${shape[1]} wide, expected at least ${widest} as in dims`,
        );
      }
    }
    return tf.tidy(() => {
      const atWidth = (dim: number, i: number) =>
        tf.tidy(() => {
          const prefixes = representations.map((matrix) => firstColumns(matrix, dim));
          return tf.mul(loss(prefixes, context), weights[i]!) as Scalar;
        });
      return dims.map(atWidth).reduce((sum, value) => tf.add(sum, value));
    });
  };
  return loss.params ? Object.assign(nested, { params: loss.params }) : nested;
}

/** The first columns of a matrix, keeping nothing on a tape; `tf.slice` would keep the whole matrix. */
function firstColumns(matrix: Tensor2D, count: number): Tensor2D {
  const behind = matrix.shape[1] - count;
  if (behind === 0) return matrix;
  return withGradient([matrix], () => ({
    value: tf.slice(matrix, [0, 0], [-1, count]),
    pullBack: (cotangent) => [tf.pad(cotangent, [[0, 0], [0, behind]])],
  })) as Tensor2D;
}

function check(loss: Loss, dims: readonly number[], weights: readonly number[]): void {
  if (typeof loss !== "function") {
    throw new TypeError(`Cannot make a Matryoshka loss: loss is ${typeof loss}, expected a function`);
  }
  if (dims.length === 0) {
    throw new RangeError("Cannot make a Matryoshka loss: dims is empty, expected one width or more");
  }
  dims.forEach((dim, i) => {
    if (!Number.isSafeInteger(dim) || dim < 1) {
      throw new RangeError(`Cannot make a Matryoshka loss: dims[${i}] is ${dim}, expected an integer of at least 1`);
    }
    if (dims.indexOf(dim) !== i) {
      throw new RangeError(`Cannot make a Matryoshka loss: dims has ${dim} twice, expected distinct widths`);
    }
  });
  if (weights.length !== dims.length) {
    throw new RangeError(
      `Cannot make a Matryoshka loss: got ${weights.length} weights, expected ${dims.length}, one for each of dims`,
    );
  }
  checkNumbers("a Matryoshka loss", Object.fromEntries(weights.map((weight, i) => [`weights[${i}]`, weight])));
}
