/**
 * Similarities in blocks.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { l2Normalize } from "../core/ops/normalize.ts";
import type { Tensor1D, Tensor2D } from "../core/types.ts";

/** How rows are compared. */
export type Similarity = "cosine" | "dot";

/** Some rows of a matrix, of length 1 if they are compared by cosine. */
export function prepareRows(matrix: Tensor2D, first: number, count: number, similarity: Similarity): Tensor2D {
  return tf.tidy(() => prepare(tf.slice(matrix, [first, 0], [count, -1]), similarity));
}

function prepare(rows: Tensor2D, similarity: Similarity): Tensor2D {
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

function withNorms(references: Tensor2D): Tensor2D {
  return tf.concat([references, norms(references)], 1);
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
    const found = prepare(tf.gather(references, tf.tensor1d(right, "int32")) as Tensor2D, similarity);
    const signed = tf.concat([found, tf.neg(norms(found))], 1);
    return tf.sum(tf.mul(queries, signed), 1, true) as Tensor2D;
  });
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
  const own = tf.tensor2d(right, [right.length, 1], "int32");
  let counts = tf.zeros([right.length], "int32") as Tensor1D;
  try {
    for (let first = 0; first < references.shape[0]; first += block) {
      const width = Math.min(block, references.shape[0] - first);
      const sum = tf.tidy(() => {
        const below = tf.tidy(() => {
          const rows = prepareRows(references, first, width, similarity);
          // The slack is for usual rounding, not for the worst; the right reference is safe in any case.
          const isBelow = tf.less(tf.matMul(queries, tf.transpose(withNorms(rows))), least);
          return tf.logicalAnd(isBelow, tf.notEqual(own, tf.range(first, first + width, 1, "int32")));
        });
        return tf.add(counts, tf.sum(tf.cast(below, "int32"), 1)) as Tensor1D;
      });
      counts.dispose();
      counts = sum;
    }
    return await counts.data<"int32">();
  } finally {
    tf.dispose([own, counts]);
  }
}
