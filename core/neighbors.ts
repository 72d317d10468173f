/**
 * The nearest neighbors of rows, streamed over blocks.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { leavesOut, readLeftOut } from "./left_out.ts";
import { l2Normalize } from "./ops/normalize.ts";
import type { Tensor2D } from "./types.ts";

/** Options of {@linkcode nearestNeighbors}. */
export interface NeighborOptions {
  /** How many neighbors each query gets. */
  readonly k: number;
  /** How rows are compared: by the cosine of their angle or by their dot product. Cosine if left out. */
  readonly similarity?: "cosine" | "dot";
  /** Rows in a block of queries or references. 1024 if left out. */
  readonly block?: number;
  /** Gives for a query the reference that is not its neighbor, such as itself. None if left out. */
  readonly exclude?: (query: number) => number | undefined;
  /**
   * The groups of the queries, any integers, such as who drew or took an image: no reference of a query's own group is
   * its neighbor. None if left out.
   */
  readonly groups?: ArrayLike<number>;
  /** The groups of the references. May be left out with `groups` if the references are the queries, row for row. */
  readonly referenceGroups?: ArrayLike<number>;
}

/** The references that are most similar to each query. */
export interface Neighbors {
  /** For each query its k references, best first, row after row; -1 where there are no more. */
  readonly indices: Int32Array;
  /** The similarities of those references; -Infinity where there are no more. */
  readonly similarities: Float32Array;
}

/**
 * Finds for each query the k references that are most similar to it.
 *
 * The search is exact, up to the rounding of float32 products. Of references that tie the lower row comes first. A row
 * of zeros has cosine 0 to everything; what is not a number is no neighbor.
 *
 * Similarities are computed block by block, and each query keeps the best k so far: one matrix of `block` × `block`
 * stands at a time, whatever the numbers of queries and references.
 *
 * @param queries `[queries, dim]`
 * @param references `[references, dim]`
 * @returns Indices and similarities, both `[queries, k]` in row-major order.
 * @throws {RangeError} If widths differ, a matrix is empty, an option lies outside its range, groups do not fit the
 * rows, or `exclude` gives what is no row of the references.
 *
 * @example
 * ```ts
 * import { nearestNeighbors, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const rows = tf.tensor2d([[1, 0], [0, 1], [2, 1]]);
 * const { indices } = await nearestNeighbors(rows, rows, { k: 2, exclude: (query) => query });
 * assertEquals([...indices], [2, 1, 2, 0, 0, 1]);
 * ```
 */
export async function nearestNeighbors(
  queries: Tensor2D,
  references: Tensor2D,
  options: NeighborOptions,
): Promise<Neighbors> {
  const { k, similarity = "cosine", block = 1024, exclude = () => undefined } = options;
  check(queries, references, { k, similarity, block });
  const oneSet = queries.shape[0] === references.shape[0];
  const leftOut = readLeftOut("find neighbors", { queries, references }, { ...options, exclude, oneSet });
  const indices = new Int32Array(queries.shape[0] * k).fill(-1);
  const similarities = new Float32Array(indices.length).fill(-Infinity);
  for (let first = 0; first < queries.shape[0]; first += block) {
    const rows = slice(queries, first, block, similarity);
    try {
      for (let at = 0; at < references.shape[0]; at += block) {
        const product = tf.tidy(() => tf.matMul(rows, tf.transpose(slice(references, at, block, similarity))));
        const values = await product.data<"float32">().finally(() => product.dispose());
        const width = product.shape[1]!;
        for (let i = 0; i < rows.shape[0]; i++) {
          const query = first + i;
          const isLeftOut = (row: number) => leavesOut(leftOut, query, row);
          merge(values.subarray(i * width, (i + 1) * width), at, isLeftOut, {
            indices: indices.subarray(query * k, (query + 1) * k),
            similarities: similarities.subarray(query * k, (query + 1) * k),
          });
        }
      }
    } finally {
      rows.dispose();
    }
  }
  return { indices, similarities };
}

/** Up to `count` rows of a matrix, of length 1 if they are compared by cosine. */
function slice(matrix: Tensor2D, first: number, count: number, similarity: "cosine" | "dot"): Tensor2D {
  return tf.tidy(() => {
    const rows = tf.slice(matrix, [first, 0], [Math.min(count, matrix.shape[0] - first), -1]);
    return similarity === "dot" ? rows : l2Normalize(rows);
  });
}

/** Merges the similarities of one query to references from `first` on into the best so far, which are sorted. */
function merge(values: Float32Array, first: number, isLeftOut: (row: number) => boolean, best: Neighbors): void {
  // A scan on the host costs a comparison for most entries; the engines' top-k sort, and not all in the same way.
  const { indices, similarities } = best;
  const last = indices.length - 1;
  let least = similarities[last]!;
  for (let j = 0; j < values.length; j++) {
    const value = values[j]!;
    if (!(value > least) || isLeftOut(first + j)) continue;
    let at = last;
    while (at > 0 && similarities[at - 1]! < value) at--;
    similarities.copyWithin(at + 1, at, last);
    indices.copyWithin(at + 1, at, last);
    similarities[at] = value;
    indices[at] = first + j;
    least = similarities[last]!;
  }
}

function check(
  queries: Tensor2D,
  references: Tensor2D,
  options: Required<Pick<NeighborOptions, "k" | "similarity" | "block">>,
): void {
  for (const [name, matrix] of [["queries", queries], ["references", references]] as const) {
    if (matrix.rank !== 2 || matrix.size === 0) {
      throw new RangeError(
        `Cannot find neighbors: ${name} has shape [${matrix.shape}], expected [rows, dim] with at least one row`,
      );
    }
  }
  const [width, found] = [queries.shape[1], references.shape[1]];
  if (found !== width) {
    throw new RangeError(`Cannot find neighbors: references are ${found} wide, expected ${width} as the queries`);
  }
  for (const name of ["k", "block"] as const) {
    if (!Number.isSafeInteger(options[name]) || options[name] < 1) {
      throw new RangeError(`Cannot find neighbors: ${name} is ${options[name]}, expected an integer of at least 1`);
    }
  }
  if (options.similarity !== "cosine" && options.similarity !== "dot") {
    throw new RangeError(`Cannot find neighbors: similarity is ${options.similarity}, expected "cosine" or "dot"`);
  }
}
