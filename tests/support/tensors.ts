import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals } from "@std/assert";

/** Asserts that a function leaves exactly `expected` tensors more than there were, and returns its result. */
export function assertNewTensors<T>(expected: number, run: () => T): T {
  const before = tf.memory().numTensors;
  const result = run();
  assertEquals(
    tf.memory().numTensors - before,
    expected,
    "tensors that the call left behind",
  );
  return result;
}

/** The relative L2 distance of two lists of numbers: ‖actual - expected‖ / ‖expected‖. */
export function relativeDistance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  assertEquals(actual.length, expected.length, "number of values");
  let apart = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    apart += (actual[i]! - expected[i]!) ** 2;
    size += expected[i]! ** 2;
  }
  return apart === 0 ? 0 : Math.sqrt(apart / size);
}

/** Asserts that two lists of numbers, or tensors, agree to a relative L2 distance. */
export function assertClose(
  actual: tf.Tensor | ArrayLike<number>,
  expected: tf.Tensor | ArrayLike<number>,
  tolerance: number,
  what = "values",
): void {
  const distance = relativeDistance(numbers(actual), numbers(expected));
  assert(
    distance <= tolerance,
    `${what}: relative distance is ${distance}, expected at most ${tolerance}`,
  );
}

function numbers(values: tf.Tensor | ArrayLike<number>): ArrayLike<number> {
  return values instanceof tf.Tensor ? values.dataSync() : values;
}
