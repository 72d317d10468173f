/**
 * What every encoder must satisfy, and plain-loop versions of its parts.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals } from "@std/assert";
import {
  type Batch,
  type EncodeContext,
  type Encoder,
  fold,
  key,
  leaves,
  normal,
  type Params,
  sliceExamples,
  type Tensor,
  type TokenBatch,
} from "../../core/mod.ts";
import { assertClose, assertNewTensors } from "../support/mod.ts";

/** Whatever has parameters. */
export type Owner = { readonly params: Params };

/** A matrix of plain numbers. */
export type Rows = number[][];

/** The context of a call on some rows. */
export function contextOf(rows: readonly number[], training = false): EncodeContext {
  return { training, key: key(5), rows: Int32Array.from(rows) };
}

/** Random numbers as a tensor that the caller disposes. */
export function random(name: string, shape: number[]): Tensor {
  return tf.tensor(normal(fold(key(23), name), [0], shape.reduce((product, length) => product * length, 1)), shape);
}

/** Texts of the given token numbers, padded to `length`; the caller disposes them. */
export function texts(tokens: readonly number[][], length: number, padding = 0): TokenBatch {
  const pad = (values: number[], filler: number) => Array.from({ length }, (_, i) => values[i] ?? filler);
  return {
    ids: tf.tensor2d(tokens.map((text) => pad(text, padding)), [tokens.length, length], "int32"),
    mask: tf.tensor2d(tokens.map((text) => pad(text.map(() => 1), 0))),
  };
}

/** Asserts that rows come out the same alone, in any chunk and out of order, with dropout on and off. */
export function assertPerExample<B extends Batch>(encoder: Encoder<B>, batch: B): void {
  for (const training of [false, true]) {
    tf.tidy(() => {
      const examples = leaves(batch)[0]!.shape[0]!;
      const rows = Array.from({ length: examples }, (_, i) => 40 + 3 * i);
      const whole = assertNewTensors(1, () => encoder.encode(batch, contextOf(rows, training)));
      assertEquals(whole.shape[0], examples);
      for (const size of [1, 2]) {
        const parts = [];
        for (let first = 0; first < examples; first += size) {
          const count = Math.min(size, examples - first);
          const chunk = sliceExamples(batch, first, count) as B;
          parts.push(encoder.encode(chunk, contextOf(rows.slice(first, first + count), training)));
        }
        assertClose(tf.concat(parts), whole, 1e-6, `chunks of ${size}, training ${training}`);
      }
    });
  }
}

/** Asserts that dropout acts in training, by row and by key, and not elsewhere. */
export function assertDrops<B extends Batch>(encoder: Encoder<B>, batch: B): void {
  tf.tidy(() => {
    const rows = leaves(batch)[0]!.shape[0]!;
    const from = (first: number, training: boolean, seed = 5) => {
      const context = contextOf(Array.from({ length: rows }, (_, i) => first + i), training);
      return String(encoder.encode(batch, { ...context, key: key(seed) }).dataSync());
    };
    assertEquals(from(0, true), from(0, true));
    assert(from(0, true) !== from(7, true), "rows do not change what is dropped");
    assert(from(0, true) !== from(0, true, 6), "the key does not change what is dropped");
    assertEquals(from(0, false, 5), from(7, false, 6));
  });
}

/** Asserts that every parameter gets a gradient, that it agrees with finite differences, and that nothing leaks. */
export function assertGradients<B extends Batch>(encoder: Encoder<B>, batch: B, training = true): void {
  const context = contextOf(Array.from({ length: leaves(batch)[0]!.shape[0]! }, (_, i) => i), training);
  const names = Object.keys(encoder.params);
  const variables = Object.values(encoder.params);
  tf.tidy(() => {
    const shape = assertNewTensors(1, () => encoder.encode(batch, context)).shape;
    const cotangent = random("cotangent", shape);
    const weights = cotangent.dataSync();
    const gradients = assertNewTensors(
      variables.length,
      () => tf.grads(() => encoder.encode(batch, context))(variables as Tensor[], cotangent),
    );
    const loss = () => tf.tidy(() => dot(encoder.encode(batch, context).dataSync(), weights));
    variables.forEach((variable, i) => {
      const gradient = gradients[i]!.dataSync();
      const sizes = Array.from(gradient, Math.abs);
      const largest = sizes.indexOf(Math.max(...sizes));
      assert(gradient[largest] !== 0, `${names[i]} has a gradient of zeros`);
      const values = variable.dataSync().slice();
      for (const at of new Set([largest, 0, values.length >> 1])) {
        const slope = (move(at, 1e-2) - move(at, -1e-2)) / 2e-2;
        assertClose([slope + gradient[largest]!], [gradient[at]! + gradient[largest]!], 2e-2, `${names[i]}[${at}]`);
      }
      function move(at: number, by: number): number {
        const moved = values.slice();
        moved[at]! += by;
        tf.tidy(() => variable.assign(tf.tensor(moved, variable.shape)));
        const result = loss();
        tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
        return result;
      }
    });
  });
}

/** The values of a parameter, row by row; a vector is one row. */
export function valuesOf(encoder: Owner, name: string): Rows {
  const variable = encoder.params[name];
  assert(variable, `there is no parameter ${name}`);
  const columns = variable.shape.at(-1)!;
  const flat = [...variable.dataSync()];
  return Array.from({ length: flat.length / columns }, (_, i) => flat.slice(i * columns, (i + 1) * columns));
}

/** The product of two lists of numbers. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);
}

/** Applies the affine map of a name to a vector. */
export function affineLoop(encoder: Owner, name: string, x: number[]): number[] {
  const kernel = valuesOf(encoder, `${name}/kernel`);
  return valuesOf(encoder, `${name}/bias`)[0]!.map((bias, j) => bias + dot(x, kernel.map((row) => row[j]!)));
}

/** Applies the layer norm of a name to a vector. */
export function normLoop(encoder: Owner, name: string, x: number[]): number[] {
  const [scale, shift] = [valuesOf(encoder, `${name}/scale`)[0]!, valuesOf(encoder, `${name}/shift`)[0]!];
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  return x.map((value, i) => scale[i]! * (value - mean) / Math.sqrt(variance + 1e-5) + shift[i]!);
}

/** x Φ(x), with Φ from its power series: 1/2 + φ(x) · (x + x³/3 + x⁵/15 + …). */
export function geluLoop(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 3; n < 200; n += 2) {
    term *= x * x / n;
    sum += term;
  }
  return x * (0.5 + sum * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI));
}

/** Moves every parameter away from its initial value, so that no bias is zero and no scale one. */
export function shake(encoder: Owner): void {
  for (const [name, variable] of Object.entries(encoder.params)) {
    tf.tidy(() => variable.assign(tf.add(variable, tf.mul(random(name, variable.shape), 0.1))));
  }
}
