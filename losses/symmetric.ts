/**
 * A loss averaged over both directions.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Loss, Scalar, Tensor2D } from "../core/types.ts";
import { checkPairs } from "./_checks.ts";

/**
 * Averages a loss with itself in the reverse direction: L = ( ℓ(anchors, references) + ℓ(positives, anchors) ) / 2.
 *
 * In the reverse direction the positives, the first N references, look for their anchors among all N anchors. Hard
 * negatives, whether further rows or further matrices, have no anchor of their own and take part in the forward
 * direction only. The two directions run one after the other, so what the loss needs at a time stays the same.
 *
 * With `infoNCE` it is the loss of Radford et al., "Learning transferable visual models from natural language
 * supervision", 2021.
 *
 * @param loss A loss of anchors and references, such as `infoNCE`.
 * @returns A loss with the same parameters. It checks its matrices as `infoNCE` does.
 *
 * @example
 * ```ts
 * import { infoNCE, symmetric } from "@gradfold/gradfold/losses";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const loss = symmetric(infoNCE({ temperature: 0.05 }));
 * const [a, b] = [tf.tensor2d([[1, 0], [0, 1]]), tf.tensor2d([[1, 1], [0, 2]])];
 * const context = { training: true, key: key(0) };
 * const there = loss([a, b], context).dataSync()[0]!;
 * assertAlmostEquals(loss([b, a], context).dataSync()[0]!, there, 1e-5);
 * ```
 */
export function symmetric(loss: Loss): Loss {
  const both: Loss = (representations, context): Scalar => {
    checkPairs("the symmetric loss", representations);
    const [anchors, references] = representations as [Tensor2D, Tensor2D];
    return tf.tidy(() => {
      const forward = loss(representations, context);
      const backward = loss([firstRows(references, anchors.shape[0]), anchors], context);
      return tf.mul(tf.add(forward, backward), 0.5);
    });
  };
  return loss.params ? Object.assign(both, { params: loss.params }) : both;
}

function firstRows(matrix: Tensor2D, count: number): Tensor2D {
  return matrix.shape[0] > count ? tf.slice(matrix, [0, 0], [count, -1]) : matrix;
}
