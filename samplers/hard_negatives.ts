/**
 * Hard negatives from a snapshot of the encoder.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { nearestNeighbors } from "../core/neighbors.ts";
import type { Tensor2D } from "../core/types.ts";
import { requireIntegers } from "./_checks.ts";
import { groupsOf } from "./_groups.ts";

/** Options of {@linkcode findHardNegatives}. */
export interface HardNegativesOptions {
  /** A label for each reference, any integers; references of one label are no negatives of each other's anchors. */
  readonly labels?: ArrayLike<number>;
  /**
   * The first rank that is taken, from 0 for the most similar negative. Those before may be positives in disguise. 0 if
   * left out.
   */
  readonly from?: number;
  /** The rank before which to stop. 32 if left out. */
  readonly to?: number;
  /** How rows are compared: by the cosine of their angle or by their dot product. Cosine if left out. */
  readonly similarity?: "cosine" | "dot";
  /** Rows in a block of anchors or references. 1024 if left out. */
  readonly block?: number;
}

/** For each example the references that are its hard negatives: plain data, which can be saved. */
export interface HardNegatives {
  /** Rows of references, `[examples, width]` in row-major order, hardest first; -1 where there are no more. */
  readonly indices: Int32Array;
  /** How many hard negatives an example has at most. */
  readonly width: number;
  /** A label for each reference, if some are no negatives of each other's anchors. */
  readonly labels?: Int32Array;
}

/**
 * Finds for each anchor the references that are most similar to it and not its positives, by the representations that
 * the encoder gives now.
 *
 * Reference i is the positive of anchor i; further references are only negatives. For one matrix of representations,
 * give it twice: then no example is its own negative. The search is exact. With `labels` it goes deeper by the number
 * of examples in the largest class.
 *
 * Xiong et al., "Approximate nearest neighbor negative contrastive learning for dense text retrieval" (ANCE), 2021.
 *
 * @param anchors `[examples, dim]`
 * @param references `[references, dim]`, at least as many as anchors.
 * @throws {RangeError} If shapes do not fit, `labels` does not have an integer for each reference, or an option lies
 * outside its range.
 *
 * @example
 * ```ts
 * import { useBackend } from "@gradfold/gradfold/core";
 * import { findHardNegatives } from "@gradfold/gradfold/samplers";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const anchors = tf.tensor2d([[1, 0], [1, 0.5], [0, 1]]);
 * const { indices } = await findHardNegatives(anchors, anchors, { to: 1 });
 * assertEquals([...indices], [1, 0, 1]);
 * ```
 */
export async function findHardNegatives(
  anchors: Tensor2D,
  references: Tensor2D,
  options: HardNegativesOptions = {},
): Promise<HardNegatives> {
  const { from = 0, to = 32, similarity = "cosine", block = 1024 } = options;
  requireIntegers("hard negatives", { from }, 0);
  requireIntegers("hard negatives", { to }, from + 1);
  requireIntegers("hard negatives", { block });
  checkShapes(anchors, references, options.labels);
  const labels = options.labels && groupsOf("hard negatives", options.labels);

  const examples = anchors.shape[0];
  const width = to - from;
  const indices = new Int32Array(examples * width).fill(-1);
  for (let first = 0; first < examples; first += block) {
    const rows = Math.min(block, examples - first);
    // The anchor's own positive is excluded, others of its label come and are passed over.
    const passed = labels
      ? labels.of.subarray(first, first + rows).reduce((most, of) => Math.max(most, labels.members[of]!.length - 1), 0)
      : 0;
    const k = Math.min(to + passed, references.shape[0]);
    const queries = tf.slice(anchors, [first, 0], [rows, -1]);
    const found = await nearestNeighbors(queries, references, { k, similarity, block, exclude: (i) => first + i })
      .finally(() => queries.dispose());
    for (let i = 0; i < rows; i++) {
      const negatives = found.indices.subarray(i * k, (i + 1) * k)
        .filter((reference) => reference >= 0 && !(labels && labels.of[reference] === labels.of[first + i]));
      indices.set(negatives.subarray(from, to), (first + i) * width);
    }
  }
  return { indices, width, ...(labels && { labels: labels.of }) };
}

/**
 * Picks hard negatives for a batch, to append their references as further columns of its similarities: for each example
 * the `count` hardest that no other example of the batch has for a positive, and none twice.
 *
 * They are left out that lie in the batch, bear the label of one of its examples, or were picked for an example before.
 * An example for which too few are left gets fewer.
 *
 * @param negatives From {@linkcode findHardNegatives}.
 * @param batch Rows of examples, from any sampler.
 * @param count How many to pick for each example, at most.
 * @returns Rows of references, at most `count` for each example, one example after the other.
 * @throws {RangeError} If `count` is not an integer of at least 1, or `batch` names what is no example.
 *
 * @example
 * ```ts
 * import { pickHardNegatives } from "@gradfold/gradfold/samplers";
 * import { assertEquals } from "@std/assert";
 *
 * const negatives = { indices: Int32Array.of(1, 2, 2, 0, 1, 0), width: 2 };
 * assertEquals([...pickHardNegatives(negatives, [0, 1], 1)], [2]);
 * ```
 */
export function pickHardNegatives(negatives: HardNegatives, batch: ArrayLike<number>, count: number): Int32Array {
  requireIntegers("hard negatives", { count });
  const { indices, width, labels } = negatives;
  const rows = Array.from(batch);
  const odd = rows.findIndex((row) => !Number.isInteger(row) || row < 0 || row >= indices.length / width);
  if (odd >= 0) {
    throw new RangeError(
      `Cannot sample hard negatives: batch[${odd}] is ${rows[odd]}, expected one of ${indices.length / width} examples`,
    );
  }
  const taken = new Set(rows);
  const positive = new Set(labels && rows.map((row) => labels[row]));
  const picked = rows.flatMap((row) => {
    const own = indices.subarray(row * width, (row + 1) * width)
      .filter((reference) => reference >= 0 && !taken.has(reference) && !positive.has(labels?.[reference]))
      .subarray(0, count);
    own.forEach((reference) => taken.add(reference));
    return [...own];
  });
  return Int32Array.from(picked);
}

function checkShapes(anchors: Tensor2D, references: Tensor2D, labels: ArrayLike<number> | undefined): void {
  for (const [name, matrix] of [["anchors", anchors], ["references", references]] as const) {
    if (matrix.rank !== 2 || matrix.size === 0) {
      throw new RangeError(
        `Cannot sample hard negatives: ${name} has shape [${matrix.shape}], expected [rows, dim] with at least one row`,
      );
    }
  }
  const [examples, count] = [anchors.shape[0], references.shape[0]];
  if (count < examples) {
    throw new RangeError(
      `Cannot sample hard negatives: there are ${count} references, expected one for each of ${examples} anchors, ` +
        `or more`,
    );
  }
  if (labels && labels.length !== count) {
    throw new RangeError(
      `Cannot sample hard negatives: labels has ${labels.length} entries, expected one for each of ${count} references`,
    );
  }
}
