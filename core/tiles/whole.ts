/**
 * Losses on pairs that go by labels, by kernels that make no matrix of pairs.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { hasFused } from "../_fused.ts";
import { withGradient } from "../ops/custom_gradient.ts";
import type { Pairs } from "../pairs/types.ts";
import type { RowLossOptions } from "../row_loss.ts";
import type { Scalar } from "../types.ts";
import { type Groups, groupsOf, type Whole } from "./_groups.ts";
import { hingesWhole } from "./hinges.ts";
import { logSumsWhole } from "./log_sums.ts";

/** Whether a loss on pairs that go by labels is evaluated whole, by a kernel of the engine that runs. */
export function isWhole(loss: RowLossOptions): boolean {
  return evaluation(loss) !== undefined;
}

/**
 * Evaluates a loss by a kernel of the engine, if there is one for it and the pairs go by labels; on a tape the gradient is
 * computed along.
 *
 * @returns The loss, or undefined where it has to be evaluated in tiles.
 */
export function coupleWhole(loss: RowLossOptions, pairs: Pairs): Scalar | undefined {
  const evaluate = evaluation(loss);
  const groups = groupsOf(pairs);
  if (!evaluate || !groups || pairs.constant === "both") return;
  const { anchors, references, constant } = pairs;
  const inputs = constant || anchors === references ? [anchors] : [anchors, references];
  if (inputs.some(({ dtype }) => dtype !== "float32")) return;
  return withGradient(inputs, (save) => {
    let value: Scalar | undefined;
    save(() => {
      const done = tf.tidy(() => {
        const { value, gradients } = evaluate(pairs, groups, true);
        return [value, ...gradients];
      });
      value = done[0] as Scalar;
      return done.slice(1);
    });
    return {
      value: value ?? tf.tidy(() => evaluate(pairs, groups, false).value),
      pullBack: (cotangent, gradients) => gradients.map((gradient) => tf.mul(gradient, cotangent)),
    };
  }) as Scalar;
}

type Evaluation = (pairs: Pairs, groups: Groups, differentiate: boolean) => Whole;

function evaluation({ hinges, logSums, similarity = "cosine" }: RowLossOptions): Evaluation | undefined {
  if (similarity !== "cosine") return undefined;
  if (hinges && hasFused("WindowHinges")) return (...of) => hingesWhole(hinges, ...of);
  return logSums && hasFused("WindowLogSums") ? (...of) => logSumsWhole(logSums, ...of) : undefined;
}
