import * as tf from "@tensorflow/tfjs";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { cachedStep, fold, key, type StepOptions, type StepResult } from "../../core/mod.ts";
import { assertClose } from "./tensors.ts";

/** Loss and gradients of the whole batch by TensorFlow.js's own differentiation. */
export function reference(options: StepOptions, inputs: readonly tf.Tensor2D[], seed: number): StepResult {
  const { params } = cachedStep(options);
  const { value, grads } = tf.variableGrads(() =>
    tf.tidy(() => {
      const matrices = options.encoders.map((encoder, i) =>
        encoder.encode(inputs[i]!, {
          training: options.training ?? true,
          key: fold(key(seed), "input", i),
          rows: Int32Array.from({ length: inputs[i]!.shape[0] }, (_, row) => row),
        })
      );
      return options.loss(matrices, { training: true, key: fold(key(seed), "loss") });
    }), Object.values(params));
  const gradients = Object.fromEntries(
    Object.entries(params).map((
      [name, variable],
    ) => [name, grads[variable.name] ?? tf.zerosLike(variable as tf.Tensor)]),
  );
  return { loss: value, gradients, plan: [] };
}

/** Asserts that two steps gave the same loss and gradients. */
export function assertParity(actual: StepResult, expected: StepResult, tolerance = 1e-6): void {
  assertAlmostEquals(
    actual.loss.dataSync()[0]!,
    expected.loss.dataSync()[0]!,
    1e-6 * (1 + expected.loss.dataSync()[0]!),
  );
  assertEquals(Object.keys(actual.gradients), Object.keys(expected.gradients));
  for (const [name, gradient] of Object.entries(expected.gradients)) {
    assertClose(actual.gradients[name]!, gradient, tolerance, `gradient of ${name}`);
  }
}

/** Disposes what steps gave. */
export function free(...results: readonly StepResult[]): void {
  for (const { loss, gradients } of results) tf.dispose([loss, ...Object.values(gradients)]);
}
