/**
 * Initial values of parameters, drawn from keys: the same key gives the same values on every engine.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type Key, normal, uniform, type Variable } from "../core/mod.ts";

/**
 * Draws a variable from the normal distribution around 0.
 *
 * @param key Where the numbers come from.
 * @param shape The variable's shape.
 * @param deviation The standard deviation.
 */
export function normalInit(key: Key, shape: readonly number[], deviation: number): Variable {
  return variable(normal(key, [0], sizeOf(shape)).map((value) => value * deviation), shape);
}

/**
 * Draws a kernel for a layer before a rectifier: normal with deviation √(2 / fan-in).
 *
 * He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015.
 *
 * @param key Where the numbers come from.
 * @param shape `[..., inputs, outputs]`, with the window's axes first for a convolution.
 */
export function heInit(key: Key, shape: readonly number[]): Variable {
  return normalInit(key, shape, Math.sqrt(2 / fans(shape).inputs));
}

/**
 * Draws a kernel uniformly from ± gain · √(6 / (fan-in + fan-out)), which keeps the scale of values and of gradients.
 *
 * Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
 *
 * @param key Where the numbers come from.
 * @param shape `[..., inputs, outputs]`, with the window's axes first for a convolution.
 * @param gain A factor on the values. 1 if left out.
 */
export function glorotInit(key: Key, shape: readonly number[], gain = 1): Variable {
  const { inputs, outputs } = fans(shape);
  const limit = gain * Math.sqrt(6 / (inputs + outputs));
  return variable(uniform(key, [0], sizeOf(shape)).map((value) => (2 * value - 1) * limit), shape);
}

/**
 * Makes a variable that holds one value everywhere, as biases and the scales of norms do at first.
 *
 * @param shape The variable's shape.
 * @param value The value.
 */
export function constantInit(shape: readonly number[], value: number): Variable {
  return variable(new Float32Array(sizeOf(shape)).fill(value), shape);
}

function variable(values: Float32Array, shape: readonly number[]): Variable {
  return tf.tidy(() => tf.variable(tf.tensor(values, [...shape])));
}

function fans(shape: readonly number[]): { inputs: number; outputs: number } {
  const window = sizeOf(shape.slice(0, -2));
  return { inputs: window * (shape.at(-2) ?? 1), outputs: window * (shape.at(-1) ?? 1) };
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
