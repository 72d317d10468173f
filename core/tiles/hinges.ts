/**
 * Losses that are hinges of single pairs, by a kernel that makes no matrix of pairs.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { fused, hasFused } from "../_fused.ts";
import { withGradient } from "../ops/custom_gradient.ts";
import { pullBackUnit, unitRows } from "../ops/normalize.ts";
import type { Pairs, RowWindow, Sides } from "../pairs/types.ts";
import type { Hinges, RowLossOptions } from "../row_loss.ts";
import type { Scalar, Tensor1D, Tensor2D } from "../types.ts";
import { addUp } from "./_means.ts";
import { windowOf } from "./_window.ts";

/** Some references, and how they belong to the anchors. */
interface Group {
  readonly references: RowWindow;
  readonly labels: Sides;
  readonly ids?: Sides;
}

/**
 * Evaluates the loss if it is one of hinges and the engine has the kernel; on a tape the gradient is computed along.
 *
 * @returns The loss, or undefined where it has to be evaluated in tiles.
 */
export function coupleHinges(loss: RowLossOptions, pairs: Pairs): Scalar | undefined {
  const { hinges } = loss;
  const groups = groupsOf(pairs);
  if (!hinges || !isWhole(loss) || !groups || pairs.constant === "both") return;
  const { anchors, references, constant } = pairs;
  const inputs = constant || anchors === references ? [anchors] : [anchors, references];
  if (inputs.some(({ dtype }) => dtype !== "float32")) return;
  return withGradient(inputs, (save) => {
    let value: Scalar | undefined;
    save(() => {
      const done = tf.tidy(() => {
        const { terms, gradients } = evaluate(hinges, pairs, groups, true);
        const { value, factors } = addUp(terms);
        return [value, ...gradients.map((of) => of(factors))];
      });
      value = done[0] as Scalar;
      return done.slice(1);
    });
    return {
      value: value ?? tf.tidy(() => addUp(evaluate(hinges, pairs, groups, false).terms).value),
      pullBack: (cotangent, gradients) => gradients.map((gradient) => tf.mul(gradient, cotangent)),
    };
  }) as Scalar;
}

/** Whether a loss on pairs that go by labels is evaluated whole, by a kernel of the engine that runs. */
export function isWhole({ hinges, similarity = "cosine" }: RowLossOptions): boolean {
  return hinges !== undefined && similarity === "cosine" && hasFused("WindowHinges");
}

/** The references in groups, those of the batch first; undefined where they do not go by labels alone. */
function groupsOf({ references, appended, relation, further }: Pairs): [Group, ...Group[]] | undefined {
  const matrices = (appended ? [references, appended] : [references]).map(windowOf);
  const { columns } = relation;
  if (further || columns?.length !== matrices.length) return undefined;
  const fits = columns.every(({ labels }, i) => labels.references.shape[0] === matrices[i]!.count);
  return fits ? columns.map((group, i) => ({ ...group, references: matrices[i]! })) as [Group, ...Group[]] : undefined;
}

/** The terms of all groups, and for each input its gradient once the means' factors are known. */
function evaluate(
  hinges: Hinges,
  { anchors, references, constant }: Pairs,
  groups: readonly [Group, ...Group[]],
  differentiate: boolean,
): { terms: Tensor1D[]; gradients: ((factors: Tensor1D) => Tensor2D)[] } {
  const unit = unitRows(anchors);
  const found = groups.map((group) => pairHinges(hinges, unit.unit, group, differentiate));
  const terms = found.map(({ terms }) => terms);
  if (!differentiate) return { terms, gradients: [] };
  const own = found.map(({ gradient }) => gradient);
  const times = (gradients: tf.Tensor[], by: typeof unit) => (factors: Tensor1D) =>
    pullBackUnit(tf.sum<Tensor2D>(tf.mul(tf.addN(gradients), tf.reshape(factors, [2, 1, 1])), 0), by);
  if (constant) return { terms, gradients: [times(own, unit)] };
  const [{ labels, ids }] = groups;
  const alike = anchors === references && [labels, ids].every((sides) => sides?.anchors === sides?.references);
  // Each pair twice is each pair once, times two.
  if (alike) return { terms, gradients: [times([...own, own[0]!], unit)] };
  const turned = { references: windowOf(anchors), labels: turn(labels), ...(ids ? { ids: turn(ids) } : {}) };
  const theirs = anchors === references ? unit : unitRows(references);
  const { gradient } = pairHinges(hinges, theirs.unit, turned, true);
  if (anchors === references) return { terms, gradients: [times([...own, gradient], unit)] };
  return { terms, gradients: [times(own, unit), times([gradient], theirs)] };
}

function turn({ anchors, references }: Sides): Sides {
  return { anchors: references, references: anchors };
}

function pairHinges(
  { distance, positiveMargin, negativeMargin, all }: Hinges,
  unit: Tensor2D,
  { references, labels, ids }: Group,
  differentiate: boolean,
): { terms: Tensor1D; gradient: tf.Tensor } {
  const none = () => tf.tensor1d([], "int32");
  const inputs = [
    unit,
    references.table,
    tf.tensor1d([references.first], "int32"),
    labels.anchors,
    labels.references,
    ids?.anchors ?? none(),
    ids?.references ?? none(),
  ];
  const attributes = { distance: +distance, all: +all, differentiate: +differentiate, positiveMargin, negativeMargin };
  const [terms, gradient] = fused("WindowHinges", inputs, attributes)!;
  return { terms: terms as Tensor1D, gradient: gradient! };
}
