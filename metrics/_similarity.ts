/**
 * Similarities in blocks.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { l2Normalize } from "../core/ops/normalize.ts";
import type { Tensor2D } from "../core/types.ts";

/** How rows are compared. */
export type Similarity = "cosine" | "dot";

/** Rows as they are multiplied: of length 1 if they are compared by cosine. */
export function prepareRows(rows: Tensor2D, similarity: Similarity): Tensor2D {
  return similarity === "dot" ? rows : l2Normalize(rows);
}

function norms(rows: Tensor2D): Tensor2D {
  return tf.sqrt(tf.sum(tf.square(rows), 1, true));
}

/**
 * Queries with one more column, whose product with {@linkcode withNorms} of references is their similarity and what
 * rounding may hide of it: q·r + ε ‖q‖ ‖r‖, with ε = 2⁻²² √dim.
 */
export function withSlack(queries: Tensor2D): Tensor2D {
  // An error of 2⁻²⁵ for each of dim summands grows like its root; the rest is a margin.
  return tf.tidy(() => tf.concat([queries, tf.mul(norms(queries), 2 ** -22 * Math.sqrt(queries.shape[1]))], 1));
}

/** References with their norms as one more column, so that products are the most that similarities can be. */
export function withNorms(references: Tensor2D): Tensor2D {
  return tf.concat([references, norms(references)], 1);
}

/** References with their negative norms, so that products are the least that similarities can be. */
export function withNegativeNorms(references: Tensor2D): Tensor2D {
  return tf.concat([references, tf.neg(norms(references))], 1);
}

/**
 * The similarity of each query to its right reference, less what rounding may hide: `[queries, 1]`.
 *
 * @param queries The queries, from {@linkcode withSlack}.
 */
export function thresholds(
  queries: Tensor2D,
  references: Tensor2D,
  right: Int32Array,
  similarity: Similarity,
): Tensor2D {
  return tf.tidy(() => {
    const found = prepareRows(tf.gather(references, tf.tensor1d(right, "int32")) as Tensor2D, similarity);
    return tf.sum(tf.mul(queries, withNegativeNorms(found)), 1, true) as Tensor2D;
  });
}

/** The products of queries with the references of a block, `[queries, references]` in row-major order. */
export async function products(queries: Tensor2D, block: () => Tensor2D): Promise<Float32Array> {
  const product = tf.tidy(() => {
    const columns = tf.tidy(() => tf.transpose(block()));
    return tf.matMul(queries, columns);
  });
  return await product.data<"float32">().finally(() => product.dispose());
}

/** What {@linkcode countBehind} compares with. */
export interface BehindOptions {
  /** For each query the reference that is never counted. */
  readonly right: Int32Array;
  /** For each query the similarity that references must fall short of: `[queries, 1]`. */
  readonly least: Tensor2D;
  readonly similarity: Similarity;
  /** References in a block. */
  readonly block: number;
}

/**
 * Counts for each query, from {@linkcode withSlack}, the references whose similarity is below a threshold even with the
 * slack added.
 *
 * The right reference is not counted, nor is what is not a number.
 */
export async function countBehind(
  queries: Tensor2D,
  references: Tensor2D,
  { right, least, similarity, block }: BehindOptions,
): Promise<Int32Array> {
  const counts = new Int32Array(right.length);
  const limits = await least.data<"float32">();
  for (let first = 0; first < references.shape[0]; first += block) {
    const width = Math.min(block, references.shape[0] - first);
    const values = await products(
      queries,
      () => withNorms(prepareRows(tf.slice(references, [first, 0], [width, -1]), similarity)),
    );
    for (let i = 0, at = 0; i < counts.length; i++) {
      // The slack is for usual rounding, not for the worst; the right reference is safe in any case.
      const own = right[i]! - first;
      if (own >= 0 && own < width) values[at + own] = NaN;
      const limit = limits[i]!;
      let count = 0;
      for (const end = at + width; at < end; at++) if (values[at]! < limit) count++;
      counts[i]! += count;
    }
  }
  return counts;
}
