/**
 * References in groups that go by labels, as kernels take them that make no matrix of pairs.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Pairs, RowWindow, Sides } from "../pairs/types.ts";
import type { Scalar, Tensor, Tensor2D } from "../types.ts";
import { windowOf } from "./_window.ts";

/** Some references, and how they belong to the anchors. */
export interface Group {
  readonly references: RowWindow;
  readonly labels: Sides;
  readonly ids?: Sides;
}

/** Those of the batch first, then those of a memory. */
export type Groups = readonly [Group, ...Group[]];

/** A loss on all groups, and the gradient for each input; none if it was not asked for. */
export interface Whole {
  readonly value: Scalar;
  readonly gradients: readonly Tensor2D[];
}

/** The references in groups; undefined where they do not go by labels alone. */
export function groupsOf({ references, appended, relation, further }: Pairs): Groups | undefined {
  const windows = (appended ? [references, appended] : [references]).map(windowOf);
  const { columns } = relation;
  if (further || columns?.length !== windows.length) return undefined;
  const fits = columns.every(({ labels }, i) => labels.references.shape[0] === windows[i]!.count);
  return fits ? columns.map((group, i) => ({ ...group, references: windows[i]! })) as [Group, ...Group[]] : undefined;
}

/** The other way round: the references of a batch as anchors, whose references are the anchors. */
export function turned(anchors: Tensor2D, { labels, ids }: Group): Group {
  return { references: windowOf(anchors), labels: turn(labels), ...(ids ? { ids: turn(ids) } : {}) };
}

function turn({ anchors, references }: Sides): Sides {
  return { anchors: references, references: anchors };
}

/** What kernels of pairs are given: anchors at length 1, the references and where they begin, labels and ids. */
export function groupInputs(unit: Tensor2D, { references: { table, first }, labels, ids }: Group): Tensor[] {
  const none = () => tf.tensor1d([], "int32");
  return [
    unit,
    table,
    tf.tensor1d([first], "int32"),
    labels.anchors,
    labels.references,
    ids?.anchors ?? none(),
    ids?.references ?? none(),
  ];
}
