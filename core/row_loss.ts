/**
 * Losses that are sums over anchors.
 *
 * @module
 */
import type { Key } from "./key.ts";
import type { Masks, Pairing, Similarity } from "./pairs/types.ts";
import { tiled } from "./tiled.ts";
import type { Loss, Params, Scalar, Tensor, Tensor2D } from "./types.ts";

/** Some anchors compared with all references. Its tensors belong to whoever made it. */
export interface Block extends Masks {
  /** The number of the first anchor. */
  readonly first: number;
  /** How many anchors there are. */
  readonly rows: number;
  /** Cosines or dot products, `[rows, references]`. */
  readonly similarity: Tensor2D;
  /** The anchors as they are compared, of length 1 under cosine, `[rows, dim]`. */
  readonly anchors: Tensor2D;
  /** The references as they are compared, `[references, dim]`. */
  readonly references: Tensor2D;
  /** The similarities of what the pairing compares besides, each `[rows, references]`. */
  readonly further: readonly Tensor2D[];
  /** What the loss's `shared` gave, the same for all blocks. */
  readonly shared: readonly Tensor[];
  /** Randomness of this evaluation, the same for all blocks. */
  readonly key: Key;
}

/** Terms of a mean, from a block of anchors. */
export interface RowSum {
  /** The sum of the terms. */
  readonly sum: Scalar;
  /** How many terms the mean is over, a constant for the gradient; a mean over none is 0. */
  readonly count: Scalar | number;
}

/** What makes a row loss. */
export interface RowLossOptions {
  /** The name, for messages. */
  readonly title: string;
  /** Trainable variables of the loss. None if left out. */
  readonly params?: Params;
  /** Which pairs it is about. {@linkcode sameLabel} if left out. */
  readonly pairing?: Pairing;
  /** How rows are compared. Cosine if left out. */
  readonly similarity?: Similarity;
  /**
   * Makes small tensors that all blocks use, such as a scale from its logarithm. What is done to a parameter here is
   * differentiated once for the whole sum, in `terms` once for each block. None if left out.
   */
  readonly shared?: () => readonly Tensor[];
  /** How many means are added up: the number of sums that `terms` gives. 1 if left out. */
  readonly means?: number;
  /** The terms of some anchors. It is differentiated block by block; what it makes is disposed. */
  readonly terms: (block: Block) => RowSum | readonly RowSum[];
  /** A summand that is no mean over anchors, such as a penalty on parameters. None if left out. */
  readonly penalty?: () => Scalar;
  /**
   * The same terms with their gradient in closed form, for the loss's own pairing without a miner or a memory. It stands
   * in for `terms` there, and must agree with it.
   */
  readonly closed?: (tile: ClosedTile) => ClosedTerms;
  /**
   * That the terms are hinges of single pairs: their mean over positives, then that over negatives. An engine may have a
   * kernel for it, which stands in for `terms` where pairs go by labels, without a miner, and makes no matrix of pairs.
   */
  readonly hinges?: Hinges;
  /** That the terms are soft maxima of the similarities of pairs, cosines, and count every anchor: the same holds of them. */
  readonly logSums?: LogSums;
}

/**
 * Logarithms of sums over pairs: for each anchor log(1 + Σ exp(k (s - b))) / |k|, over its positives with a slope k and
 * over its negatives with another, added up; a part without pairs is 0.
 */
export interface LogSums {
  /** That over positives, below 0 if they are to be similar. */
  readonly positiveSlope: number;
  /** That over negatives. */
  readonly negativeSlope: number;
  /** b */
  readonly base: number;
}

/** Hinges of pairs. */
export interface Hinges {
  /**
   * Whether pairs are compared by the distance of their rows at length 1, or by their cosine: max(d - m⁺, 0) over
   * positives and max(m⁻ - d, 0) over negatives, or max(m⁺ - s, 0) and max(s - m⁻, 0).
   */
  readonly distance: boolean;
  /** m⁺ */
  readonly positiveMargin: number;
  /** m⁻ */
  readonly negativeMargin: number;
  /** Whether the means are over all pairs, or over those whose hinge is above 0. */
  readonly all: boolean;
}

/** What a closed form is computed from: anchors and references as they are compared. Its tensors are the caller's. */
export interface ClosedTile extends Pick<Block, "first" | "rows" | "anchors" | "references" | "shared"> {
  /** The references, transposed: `[dim, references]`. */
  readonly transposed: Tensor2D;
  /** Whether the gradient is asked for. */
  readonly differentiate: boolean;
}

/** A closed form's terms and gradient, of one mean. */
export interface ClosedTerms {
  /** The terms. */
  readonly terms: RowSum;
  /** The gradient of their sum, if it was asked for. */
  readonly gradient?: {
    /** For the anchors, `[rows, dim]`. */
    readonly anchors: Tensor2D;
    /** For each reference with the number of an anchor, as a multiple of that anchor, the same in all tiles. */
    readonly positives: Scalar | number;
    /** Two factors, `[rows, references]` and `[rows, dim]`: what flows to all references is their product, the first transposed. */
    readonly references: readonly [Tensor2D, Tensor2D];
    /** For each of the shared tensors, in order. */
    readonly shared: readonly Tensor[];
  };
}

/** A loss that is a sum over anchors: it can be evaluated block by block; see {@linkcode tiled}. */
export interface RowLoss extends Loss, RowLossOptions {}

/**
 * Makes a loss from the terms of a block of anchors.
 *
 * L = Σₖ ( Σ sumₖ / Σ countₖ ), with the sums over all blocks. Called as a loss it is evaluated in tiles of an automatic
 * size, so that no anchors × references matrix stands whole; {@linkcode tiled} chooses the size and adds a miner or a
 * memory.
 *
 * @example
 * ```ts
 * import { key, rowLoss, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * // The mean over anchors of the similarity of their negatives.
 * const loss = rowLoss({
 *   title: "the mean negative",
 *   terms: ({ similarity, negative, rows }) => ({ sum: tf.sum(tf.mul(similarity, negative)), count: rows }),
 * });
 * const targets = tf.tensor1d([0, 1], "int32");
 * const value = loss([tf.tensor2d([[1, 0], [1, 1]])], { training: true, key: key(0), targets });
 * assertAlmostEquals(value.dataSync()[0]!, Math.SQRT1_2, 1e-6);
 * ```
 */
export function rowLoss(options: RowLossOptions): RowLoss {
  return Object.assign(tiled(options), options);
}
