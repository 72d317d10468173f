/**
 * Hinges of pairs, by a kernel that makes no matrix of pairs.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { fused } from "../_fused.ts";
import { pullBackUnit, type UnitRows, unitRows } from "../ops/normalize.ts";
import type { Pairs } from "../pairs/types.ts";
import type { Hinges } from "../row_loss.ts";
import type { Tensor1D, Tensor2D } from "../types.ts";
import { type Group, groupInputs, type Groups, turned, type Whole } from "./_groups.ts";
import { addUp } from "./_means.ts";

/** The loss of hinges over all groups, and for each input its gradient. */
export function hingesWhole(hinges: Hinges, pairs: Pairs, groups: Groups, differentiate: boolean): Whole {
  const { anchors, references, constant } = pairs;
  const unit = unitRows(anchors);
  const found = groups.map((group) => pairHinges(hinges, unit.unit, group, differentiate));
  const { value, factors } = addUp(found.map(({ terms }) => terms));
  if (!differentiate) return { value, gradients: [] };
  const times = (gradients: tf.Tensor[], by: UnitRows) =>
    pullBackUnit(tf.sum<Tensor2D>(tf.mul(tf.addN(gradients), tf.reshape(factors, [2, 1, 1])), 0), by);
  const own = found.map(({ gradient }) => gradient);
  if (constant) return { value, gradients: [times(own, unit)] };
  const [{ labels, ids }] = groups;
  const alike = anchors === references && [labels, ids].every((sides) => sides?.anchors === sides?.references);
  // Each pair twice is each pair once, times two.
  if (alike) return { value, gradients: [times([...own, own[0]!], unit)] };
  const theirs = anchors === references ? unit : unitRows(references);
  const { gradient } = pairHinges(hinges, theirs.unit, turned(anchors, groups[0]), true);
  if (anchors === references) return { value, gradients: [times([...own, gradient], unit)] };
  return { value, gradients: [times(own, unit), times([gradient], theirs)] };
}

function pairHinges(
  { distance, positiveMargin, negativeMargin, all }: Hinges,
  unit: Tensor2D,
  group: Group,
  differentiate: boolean,
): { terms: Tensor1D; gradient: tf.Tensor } {
  const attributes = { distance: +distance, all: +all, differentiate: +differentiate, positiveMargin, negativeMargin };
  const [terms, gradient] = fused("WindowHinges", groupInputs(unit, group), attributes)!;
  return { terms: terms as Tensor1D, gradient: gradient! };
}
