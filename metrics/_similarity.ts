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

/** The similarity of each query to its right reference, less what rounding may hide: `[queries, 1]`. */
export function thresholds(
  queries: Tensor2D,
  references: Tensor2D,
  right: Int32Array,
  similarity: Similarity,
): Tensor2D {
  return tf.tidy(() => {
    const found = prepare(tf.gather(references, tf.tensor1d(right, "int32")) as Tensor2D, similarity);
    const own = tf.sum(tf.mul(queries, found), 1, true);
    // An error of 2⁻²⁵ for each of dim summands grows like its root; the rest is a margin.
    const slack = tf.mul(tf.mul(norms(queries), norms(found)), 2 ** -22 * Math.sqrt(queries.shape[1]));
    return tf.sub(own, slack) as Tensor2D;
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
 * Counts for each query the references whose similarity is below a threshold.
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
          // The threshold allows for usual rounding, not for the worst; the right reference is safe in any case.
          const isBelow = tf.less(tf.matMul(queries, tf.transpose(rows)), least);
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
