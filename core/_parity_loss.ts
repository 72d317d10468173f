/**
 * Whether a loss is the same each time.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { untaped } from "./_autodiff.ts";
import type { StepResult } from "./step.ts";
import type { Loss, Scalar } from "./types.ts";

/** By how much two evaluations may differ, relative: far less than a gradient may. */
const TOLERANCE = 1e-6;

/**
 * Checks that a loss gives the same for the same representations, as one that keeps a memory does not.
 *
 * @param loss The loss.
 * @param run Takes a step with the loss that it is given; the result is disposed.
 * @throws {TypeError} If it does not.
 */
export async function checkRepeatable(loss: Loss, run: (watched: Loss) => StepResult): Promise<void> {
  const values: Scalar[] = [];
  const watched: Loss = (representations, context) => {
    // Both off the tape: with its gradient a value may be computed in another way.
    for (let i = 0; i < 2; i++) values.push(tf.keep(untaped(() => loss(representations, context))));
    return loss(representations, context);
  };
  try {
    const { params, further } = loss;
    const result = run(Object.assign(watched, { ...(params ? { params } : {}), ...(further ? { further } : {}) }));
    tf.dispose([result.loss, result.gradients]);
    const [first, second] = await Promise.all(values.map(async (value) => (await value.data())[0]!));
    if (Math.abs(first! - second!) <= TOLERANCE * Math.abs(first!)) return;
    throw new TypeError(
      `Cannot compare: the loss of the same representations is ${first}, then ${second}, expected the same each time; ` +
        `a loss that keeps a memory is to be compared without it`,
    );
  } finally {
    tf.dispose(values);
  }
}
