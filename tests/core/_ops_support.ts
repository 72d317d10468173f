import * as tf from "@tensorflow/tfjs";
import { assertEquals } from "@std/assert";
import { fold, key, normal, type Tensor } from "../../core/mod.ts";
import { assertClose, assertNewTensors } from "../support/mod.ts";

export const source = key(11);

export function random(name: string, shape: number[]): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tf.tensor(normal(fold(source, name), [0], size), shape);
}

/** Compares an op with the same formula composed of the engine's ops: values, gradients, and tensors left behind. */
export function compare(
  fused: (...x: Tensor[]) => Tensor,
  composed: (...x: Tensor[]) => Tensor,
  shapes: number[][],
): void {
  tf.tidy(() => {
    const inputs = shapes.map((shape, i) => random(`input ${i}`, shape));
    const value = assertNewTensors(1, () => fused(...inputs));
    assertClose(value, composed(...inputs), 1e-5, "value");
    const cotangent = random("cotangent", value.shape);
    const actual = assertNewTensors(inputs.length, () => tf.grads(fused)(inputs, cotangent));
    tf.grads(composed)(inputs, cotangent).forEach((gradient, i) => {
      assertEquals(actual[i]!.shape, gradient.shape);
      assertClose(actual[i]!, gradient, 1e-5, `gradient of input ${i}`);
    });
  });
}

/** How many bytes an op leaves on the tape. */
export function tapeBytes(run: (x: Tensor) => Tensor, x: Tensor): number {
  let bytes = 0;
  tf.tidy(() => {
    tf.grad((x: Tensor) => {
      const before = tf.memory().numBytes;
      const value = run(x);
      bytes = tf.memory().numBytes - before - value.size * 4;
      return value;
    })(x);
  });
  return bytes;
}
