/**
 * Rows that belong together by their position.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { stackRows } from "../ops/stack_rows.ts";
import type { Tensor2D } from "../types.ts";
import { checkMatrices, readIds } from "./_targets.ts";
import { labelRelation, rowNumbers } from "./relation.ts";
import { NO_ID, type Pairing } from "./types.ts";

/**
 * Pairs anchors with the references in the same row.
 *
 * The first matrix holds the N anchors, `[N, dim]`; the second the references, of which row i is the positive of anchor
 * i; its rows beyond N and the rows of further matrices are hard negatives. Every reference but its own positive is a
 * negative for an anchor. `ids` in the targets tell a memory which entries come from the same example.
 *
 * @throws {TypeError} The pairing, for fewer than two matrices, or one that is no matrix.
 * @throws {RangeError} The pairing, for widths that differ, no anchors, or fewer references than anchors.
 *
 * @example
 * ```ts
 * import { aligned, key, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const [anchors, references] = [tf.zeros([2, 4]), tf.zeros([3, 4])] as tf.Tensor2D[];
 * const { relation } = aligned()([anchors!, references!], { training: true, key: key(0) });
 * assertEquals(relation.block(0, 2).positive.arraySync(), [[1, 0, 0], [0, 1, 0]]);
 * ```
 */
export function aligned(): Pairing {
  return (representations, { targets }) => {
    const rows = checkMatrices(representations, false);
    const [anchors, ...others] = representations as [Tensor2D, ...Tensor2D[]];
    if (others.length === 0) {
      throw new TypeError("Cannot compare rows: got 1 matrices, expected anchors and references");
    }
    const given = others[0]!.shape[0];
    if (given < rows) {
      throw new RangeError(`Cannot compare rows: ${given} references for ${rows} anchors, expected at least one each`);
    }
    const references = others.length === 1 ? others[0]! : stackRows(others);
    const ids = readIds(targets, rows);
    const count = references.shape[0];
    return {
      anchors,
      references,
      relation: labelRelation([{ labels: { anchors: rowNumbers(rows), references: rowNumbers(count) } }]),
      // Hard negatives have no ids of their own.
      ...(ids ? { ids: { anchors: ids, references: tf.pad(ids, [[0, count - rows]], NO_ID) } } : {}),
    };
  };
}
