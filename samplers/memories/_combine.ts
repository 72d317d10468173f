/**
 * How a batch and a memory make one loss.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Attached } from "../../core/memory.ts";
import { joinRelations, labelRelation } from "../../core/pairs/relation.ts";
import { NO_ID, type Pairs, type RowWindow } from "../../core/pairs/types.ts";
import type { Tensor1D, Tensor2D } from "../../core/types.ts";

/**
 * How a batch and a memory make one loss.
 *
 * - `sum`: the loss of the batch, and that of its anchors against the memory, the batch among it, weighted. The loss of
 *   the published cross-batch memory.
 * - `joint`: one loss of the anchors against batch and memory, all references detached. So do queues of momentum contrast;
 *   a loss whose pairs are symmetric gets half its gradient within the batch.
 * - `live`: one loss of the anchors against batch and memory, with the whole gradient within the batch.
 */
export type Convention = "sum" | "joint" | "live";

const conventions: readonly string[] = ["sum", "joint", "live"];

/** What a memory holds. */
export interface Entries {
  /** `[entries, dim]`, or where they are in a larger matrix. */
  readonly representations: Tensor2D | RowWindow;
  /** {@linkcode UNLABELLED} for an entry whose label says nothing outside its batch, int32 `[entries]`. */
  readonly labels: Tensor1D;
  /** {@linkcode UNLABELLED} for an entry without an id, int32 `[entries]`. */
  readonly ids: Tensor1D;
}

/** Stands for the label or the id of an entry that has none. */
export const UNLABELLED = NO_ID;
/** Stands for the label or the id of an anchor that has none, which is that of no entry. */
const NONE = NO_ID + 1;

/** The pairs of a batch with those of a memory. */
export function combine(
  pairs: Pairs,
  entries: Entries | undefined,
  { convention, weight }: { convention: Convention; weight: number },
): Attached["terms"] {
  const widened = entries ? appended(pairs, entries) : pairs;
  if (convention === "live") return [{ pairs: widened, weight: 1 }];
  const detached: Pairs = { ...widened, constant: "references" };
  if (convention === "joint") return [{ pairs: detached, weight: 1 }];
  return [{ pairs, weight: 1 }, { pairs: detached, weight }];
}

function appended(pairs: Pairs, { representations, labels, ids }: Entries): Pairs {
  const anchors = pairs.relation.anchors;
  const none = () => tf.fill([anchors], NONE, "int32") as Tensor1D;
  const memory = labelRelation([{
    labels: { anchors: pairs.labels?.anchors ?? none(), references: labels },
    ids: { anchors: pairs.ids?.anchors ?? none(), references: ids },
  }]);
  return { ...pairs, appended: representations, relation: joinRelations([pairs.relation, memory]) };
}

/** Checks how a memory is combined. */
export function checkConvention(convention: string, weight: number): void {
  if (!conventions.includes(convention)) {
    throw new RangeError(
      `Cannot make a memory: convention is ${convention}, expected one of ${conventions.join(", ")}`,
    );
  }
  if (!Number.isFinite(weight)) {
    throw new RangeError(`Cannot make a memory: weight is ${weight}, expected a finite number`);
  }
}
