/**
 * Losses that are given by the weights of pairs.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { withGradient } from "../core/ops/custom_gradient.ts";
import { fill } from "../core/ops/pairs/masked_log_sum_exp.ts";
import { type Block, type RowLoss, rowLoss } from "../core/row_loss.ts";
import type { Scalar, Tensor2D } from "../core/types.ts";

/**
 * How much each pair of some anchors weighs: from the similarities `[rows, references]` and the block that they belong to
 * to weights of the same shape.
 *
 * Entries for pairs that the weights are not about do not matter. Nothing is differentiated. It runs within a scope of
 * its caller, which disposes what it makes. Tiles of any size give the same if a row's weights depend on that row alone.
 */
export type PairWeight = (similarity: Tensor2D, block: Block) => Tensor2D;

/** Weights of both kinds of pairs. */
export interface PairWeights {
  /** How strongly a positive is pulled, w⁺. */
  readonly positive: PairWeight;
  /** How strongly a negative is pushed, w⁻. */
  readonly negative: PairWeight;
}

/** Options of {@linkcode pairWeighting}. */
export interface PairWeightingOptions extends PairWeights {
  /** The name of the loss, for messages. `pair weighting` if left out. */
  readonly title?: string;
}

/**
 * General pair weighting: the loss whose gradient is given, instead of its value.
 *
 * L = 1/N Σₐ ( Σ_{n ∈ N(a)} w⁻_an s_an - Σ_{p ∈ P(a)} w⁺_ap s_ap ), with s the cosine, P(a) the other examples of a's label, N(a) those
 * of other labels, N the number of anchors, and the weights constant for the gradient. So ∂L/∂s is -w⁺/N for positives
 * and w⁻/N for negatives. Only the gradient has a meaning; the value may rise while training goes well.
 *
 * Every loss over pairs has such weights, the size of its gradient, and gives the same gradient through them, up to what
 * it divides by; {@linkcode pairWeights} has those of usual losses, and weights that belong to none.
 *
 * Takes one matrix `[N, dim]` or several views of the same examples, and labels `[N]` as the targets of the step. A row
 * loss: it is evaluated in tiles. The `gap` of triplet miners plays no part, except in weights that look at it.
 *
 * Wang et al., "Multi-similarity loss with general pair weighting for deep metric learning", 2019; Zhang, Wang, Huang and
 * Scott, "Rethinking deep contrastive learning with embedding memory", 2021.
 *
 * @throws {TypeError} If a weight is not a function. The loss throws a RangeError if the weights have another shape than
 * the similarities.
 *
 * @example
 * ```ts
 * import { pairWeighting } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * // Positives weigh the same, negatives the more the nearer they are.
 * const loss = pairWeighting({ positive: (s) => tf.onesLike(s), negative: (s) => tf.relu(s) });
 * const targets = tf.tensor1d([0, 0, 1], "int32");
 * const rows = tf.tensor2d([[1, 0], [1, 0], [0.6, 0.8]]);
 * const value = loss([rows], { training: true, key: key(0), targets });
 * // Four negatives at similarity 0.6, two positives at 1, three anchors.
 * assertAlmostEquals(value.dataSync()[0]!, (4 * 0.6 * 0.6 - 2) / 3, 1e-6);
 * ```
 */
export function pairWeighting(options: PairWeightingOptions): RowLoss {
  const { positive, negative, title = "pair weighting" } = options;
  for (const [name, weight] of Object.entries({ positive, negative })) {
    if (typeof weight !== "function") {
      throw new TypeError(`Cannot make ${title}: ${name} is ${weight}, expected a function of similarities`);
    }
  }
  return rowLoss({
    title,
    terms: (block) => {
      const { similarity, rows } = block;
      const weighted = withGradient([similarity], (save) => {
        const signed = tf.tidy(() => {
          const pull = weightsOf(positive, "positive", block, title);
          return tf.sub(weightsOf(negative, "negative", block, title), pull);
        });
        save(() => [signed]);
        return {
          value: tf.sum(tf.sum(tf.mul(signed, similarity), 1)),
          pullBack: (dy, [signed]) => [tf.mul(signed!, dy)],
        };
      });
      return { sum: weighted as Scalar, count: rows };
    },
  });
}

/** The weights of one kind of pairs, 0 for all others. */
function weightsOf(weight: PairWeight, side: "positive" | "negative", block: Block, title: string): Tensor2D {
  return tf.tidy(() => {
    const { similarity } = block;
    const weights = weight(similarity, block);
    if (weights.shape.join() !== similarity.shape.join()) {
      throw new RangeError(
        `Cannot compute ${title}: weights of ${side}s have shape [${weights.shape}], expected [${similarity.shape}]`,
      );
    }
    return fill(weights, block[side], 0);
  });
}
