/**
 * Relations that follow from labels.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor1D, Tensor2D } from "../types.ts";
import type { Columns, Relation, Sides } from "./types.ts";

/**
 * Makes the relation in which pairs of equal labels are positives, pairs of different ones negatives, and pairs of equal
 * ids neither.
 *
 * @param columns The references, in one group or in several side by side, such as a batch and a memory. Each has labels
 * for all anchors.
 *
 * @example
 * ```ts
 * import { labelRelation, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const labels = tf.tensor1d([7, 7, 9], "int32");
 * const rows = tf.range(0, 3, 1, "int32");
 * const relation = labelRelation([{
 *   labels: { anchors: labels, references: labels },
 *   ids: { anchors: rows, references: rows },
 * }]);
 * assertEquals(relation.block(0, 1).positive.arraySync(), [[0, 1, 0]]);
 * ```
 */
export function labelRelation(columns: readonly Columns[]): Relation {
  return joinRelations(columns.map((group) => ({
    anchors: group.labels.anchors.shape[0],
    references: group.labels.references.shape[0],
    block: (first, rows) => tf.tidy(() => masksOf(group, first, rows)),
    columns: [group],
  })));
}

/**
 * Puts the references of relations between the same anchors side by side, in order.
 *
 * @throws {RangeError} If there is none, or their numbers of anchors differ.
 */
export function joinRelations(relations: readonly Relation[]): Relation {
  const [first] = relations;
  if (!first) throw new RangeError("Cannot join relations: got none, expected at least one");
  for (const { anchors } of relations) {
    if (anchors !== first.anchors) {
      throw new RangeError(`Cannot join relations: one has ${anchors} anchors, expected ${first.anchors} as the first`);
    }
  }
  if (relations.length === 1) return first;
  const columns = relations.flatMap(({ columns }) => columns ?? []);
  const told = relations.every(({ columns }) => columns);
  return {
    anchors: first.anchors,
    references: relations.reduce((sum, { references }) => sum + references, 0),
    block: (first, rows) =>
      tf.tidy(() => {
        const groups = relations.map((relation) => relation.block(first, rows));
        const join = (name: "positive" | "negative") => tf.concat(groups.map((group) => group[name]), 1);
        return { positive: join("positive"), negative: join("negative") };
      }),
    ...(told ? { columns } : {}),
  };
}

function masksOf({ labels, ids }: Columns, first: number, rows: number): { positive: Tensor2D; negative: Tensor2D } {
  const [own, theirs] = sides(labels, first, rows);
  const [positive, negative] = [tf.equal(own, theirs), tf.notEqual(own, theirs)] as [Tensor2D, Tensor2D];
  if (!ids) return { positive, negative };
  const [ownId, theirId] = sides(ids, first, rows);
  const others = tf.notEqual(ownId, theirId);
  return { positive: tf.logicalAnd(positive, others), negative: tf.logicalAnd(negative, others) };
}

function sides({ anchors, references }: Sides, first: number, rows: number): [Tensor2D, Tensor2D] {
  return [tf.reshape(tf.slice(anchors, [first], [rows]), [rows, 1]), tf.reshape(references, [1, -1])];
}

/** The numbers 0 to n - 1, int32. */
export function rowNumbers(n: number): Tensor1D {
  return tf.range(0, n, 1, "int32");
}
