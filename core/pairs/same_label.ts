/**
 * Rows that belong together by their label.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { stackRows } from "../ops/stack_rows.ts";
import type { Tensor1D, Tensor2D } from "../types.ts";
import { checkMatrices, readIds, readTargets } from "./_targets.ts";
import { labelRelation, rowNumbers } from "./relation.ts";
import type { Pairing, Pairs } from "./types.ts";

/**
 * Pairs every row with every other: those of the same label are positives, the others negatives, and a row is neither to
 * itself.
 *
 * All matrices `[N, dim]` are views of the same N examples and are stacked; row i of each has label i. Labels are the
 * targets of the step, an int32 tensor `[N]`, or its field `labels`; a field `ids` tells a memory which entries come from
 * the same example.
 *
 * @throws {TypeError} The pairing, if there are no labels.
 * @throws {RangeError} The pairing, if shapes do not fit or labels are not integers, one for each example.
 *
 * @example
 * ```ts
 * import { key, sameLabel, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const targets = tf.tensor1d([5, 5, 8], "int32");
 * const { relation } = sameLabel()([tf.zeros([3, 4])], { training: true, key: key(0), targets });
 * assertEquals(relation.block(1, 1).positive.arraySync(), [[1, 0, 0]]);
 * assertEquals(relation.block(1, 1).negative.arraySync(), [[0, 0, 1]]);
 * ```
 */
export function sameLabel(): Pairing {
  return (representations, { targets }) => {
    const given = readTargets(targets, checkMatrices(representations, true));
    if (!given.labels) {
      throw new TypeError("Cannot relate examples: the step was given no targets, expected labels [examples]");
    }
    const labels = repeat(given.labels, representations.length);
    return stack(representations, labels, given.ids, { labels: { anchors: labels, references: labels } });
  };
}

/**
 * Pairs the views of the same example: every row is an anchor, the rows of the other matrices with its number are its
 * positives, and all rows of other examples are negatives.
 *
 * Takes two matrices or more, `[N, dim]`, which are stacked. Labels in the targets play no part.
 *
 * @throws {TypeError} The pairing, for fewer than two matrices.
 * @throws {RangeError} The pairing, for shapes that differ.
 *
 * @example
 * ```ts
 * import { key, useBackend, views } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const [one, other] = [tf.zeros([2, 4]), tf.zeros([2, 4])] as tf.Tensor2D[];
 * const { relation } = views()([one!, other!], { training: true, key: key(0) });
 * assertEquals(relation.block(0, 2).positive.arraySync(), [[0, 0, 1, 0], [0, 0, 0, 1]]);
 * ```
 */
export function views(): Pairing {
  return (representations, { targets }) => {
    if (representations.length < 2) {
      throw new TypeError(`Cannot compare views: got ${representations.length} matrices, expected at least 2`);
    }
    const rows = checkMatrices(representations, true);
    return stack(representations, repeat(rowNumbers(rows), representations.length), readIds(targets, rows), {});
  };
}

function stack(
  matrices: readonly Tensor2D[],
  labels: Tensor1D,
  ids: Tensor1D | undefined,
  known: Pick<Pairs, "labels">,
): Pairs {
  const rows = matrices.length === 1 ? matrices[0]! : stackRows(matrices);
  const positions = rowNumbers(rows.shape[0]);
  const stackedIds = ids && repeat(ids, matrices.length);
  return {
    anchors: rows,
    references: rows,
    relation: labelRelation([{
      labels: { anchors: labels, references: labels },
      ids: { anchors: positions, references: positions },
    }]),
    ...known,
    ...(stackedIds ? { ids: { anchors: stackedIds, references: stackedIds } } : {}),
  };
}

function repeat(values: Tensor1D, times: number): Tensor1D {
  return times === 1 ? values : tf.tile(values, [times]);
}
