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
  tolerance = 1e-5,
): void {
  tf.tidy(() => {
    const inputs = shapes.map((shape, i) => random(`input ${i}`, shape));
    const value = assertNewTensors(1, () => fused(...inputs));
    assertClose(value, composed(...inputs), tolerance, "value");
    const cotangent = random("cotangent", value.shape);
    const actual = assertNewTensors(inputs.length, () => tf.grads(fused)(inputs, cotangent));
    tf.grads(composed)(inputs, cotangent).forEach((gradient, i) => {
      assertEquals(actual[i]!.shape, gradient.shape);
      assertClose(actual[i]!, gradient, tolerance, `gradient of input ${i}`);
    });
  });
}

/** Compares all gradients of an op's weighted sum with central differences. */
export function compareSlopes(
  op: (...x: Tensor[]) => Tensor,
  inputs: Tensor[],
  tolerance: number,
  step = 2 ** -6,
): void {
  tf.tidy(() => {
    const cotangent = random("cotangent", op(...inputs).shape);
    const gradients = tf.grads(op)(inputs, cotangent);
    inputs.forEach((input, place) => {
      const values = input.dataSync();
      const slopes = Array.from(values, (value, at) => {
        const [below, above] = [value - step, value + step].map((moved) =>
          tf.tidy(() => {
            const changed = tf.tensor(Float32Array.from(values).fill(moved, at, at + 1), input.shape);
            const image = op(...inputs.map((other, i) => i === place ? changed : other));
            return tf.sum(tf.mul(image, cotangent)).dataSync()[0]!;
          })
        );
        return (above! - below!) / (2 * step);
      });
      assertClose(gradients[place]!, slopes, tolerance, `slopes of input ${place}`);
    });
  });
}

/** How many bytes an op leaves on the tape, those that it shares with its inputs included. */
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
