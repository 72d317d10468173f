/**
 * Checks that the installed engine computes.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { useBackend } from "../core/backend.ts";
import { describeTensorflow } from "../core/tensorflow.ts";

/**
 * Starts the TensorFlow engine and has it multiply two matrices and differentiate the product.
 *
 * @returns What runs, such as `TensorFlow 2.21.0, CPU`.
 * @throws {Error} If it does not start, or its numbers are wrong.
 */
export async function verify(): Promise<string> {
  await useBackend({ backend: "tensorflow", quiet: true });
  const [product, slope] = tf.tidy(() => {
    const left = tf.tensor2d([[1, 2], [3, 4]]);
    const right = tf.tensor2d([[1, 2], [3, 4]]);
    const multiply = (x: tf.Tensor): tf.Tensor => tf.matMul(x, right);
    return [multiply(left).dataSync(), tf.grad(multiply)(left).dataSync()];
  });
  // The gradient of the product's sum holds the row sums of the right matrix.
  const expected = [[7, 10, 15, 22], [3, 7, 3, 7]];
  if (`${product}|${slope}` !== expected.join("|")) {
    throw new Error(
      `Cannot use the installed engine: it gives ${product} and ${slope}, expected ${expected.join(" and ")}`,
    );
  }
  return describeTensorflow(tf.backend());
}
