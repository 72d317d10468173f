/**
 * Parameters to arrays on the host and back.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { NamedArrays, ShapedArray } from "./safetensors.ts";
import type { Params, Tensor } from "./types.ts";

/**
 * Reads parameters, or the `slots` of an optimizer, from the engine.
 *
 * @param params Variables by name. They must not be updated until the promise is kept.
 * @returns Copies of their values, bit for bit.
 * @throws {TypeError} If one was disposed, or holds neither numbers nor truth values.
 *
 * @example
 * ```ts
 * import { readParams, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const { bias } = await readParams({ bias: tf.variable(tf.tensor1d([1, 2])) });
 * assertEquals(bias, { shape: [2], data: new Float32Array([1, 2]) });
 * ```
 */
export async function readParams(params: Params): Promise<NamedArrays> {
  for (const [name, variable] of Object.entries(params)) {
    if (variable.isDisposed) throw new TypeError(`Cannot read ${name}: it was disposed`);
    if (!Object.hasOwn(ARRAYS, variable.dtype)) {
      throw new TypeError(`Cannot read ${name}: it is of type ${variable.dtype}, expected float32, int32 or bool`);
    }
  }
  const entries = Object.entries(params).map(async ([name, variable]): Promise<[string, ShapedArray]> => {
    // Engines may hand out their own memory.
    const data = (await variable.data()).slice() as ShapedArray["data"];
    return [name, { shape: [...variable.shape], data }];
  });
  return Object.fromEntries(await Promise.all(entries));
}

/**
 * Sets parameters to arrays, such as those that {@linkcode readParams} gave. Everything is checked before the first
 * parameter changes.
 *
 * @param params Variables by name.
 * @param arrays Their new values, by the same names; they are copied.
 * @throws {RangeError} If a parameter has no array or an array no parameter, or a shape or a type differs.
 *
 * @example
 * ```ts
 * import { assignParams, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const weight = tf.variable(tf.zeros([2, 1]));
 * assignParams({ weight }, { weight: { shape: [2, 1], data: new Float32Array([3, 4]) } });
 * assertEquals([...weight.dataSync()], [3, 4]);
 * ```
 */
export function assignParams(params: Params, arrays: NamedArrays): void {
  const faults = [
    ...absent(params, arrays).map((name) => `${name} is missing`),
    ...absent(arrays, params).map((name) => `${name} is no parameter`),
  ];
  for (const [name, { shape, dtype }] of Object.entries(params)) {
    const array = Object.hasOwn(arrays, name) ? arrays[name]! : undefined;
    if (!array) continue;
    const expected = ARRAYS[dtype as keyof typeof ARRAYS];
    if (array.shape.join() !== shape.join()) {
      faults.push(`${name} has shape [${array.shape}], expected [${shape}]`);
    } else if (array.data.length !== tf.util.sizeFromShape(shape)) {
      faults.push(`${name} has ${array.data.length} values, expected ${tf.util.sizeFromShape(shape)}`);
    } else if (!expected || !(array.data instanceof expected)) {
      faults.push(`${name} is a ${array.data.constructor.name}, expected a ${expected?.name ?? dtype}`);
    }
  }
  if (faults.length > 0) throw new RangeError(`Cannot assign parameters: ${faults.join("; ")}`);
  for (const [name, variable] of Object.entries(params)) {
    const value = toTensor(arrays[name]!, variable.dtype);
    variable.assign(value);
    value.dispose();
  }
}

/**
 * Makes tensors from arrays, such as an optimizer's `slots` for its `restore`.
 *
 * @param arrays Numbers with their shapes; they are copied.
 * @returns One tensor an array, float32, int32 or, from a Uint8Array, bool; the caller disposes them.
 *
 * @example An optimizer's state
 * ```ts
 * import { adamW, readParams, toTensors, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const weight = tf.variable(tf.zeros([2]));
 * const before = adamW({ learningRate: 0.1 });
 * before.update({ weight }, { weight: tf.tensor1d([1, -1]) });
 * const saved = await readParams(before.slots);
 *
 * const after = adamW({ learningRate: 0.1 });
 * const slots = toTensors(saved);
 * after.restore(before.steps, slots);
 * tf.dispose({ ...slots });
 * assertEquals(await readParams(after.slots), saved);
 * ```
 */
export function toTensors(arrays: NamedArrays): { [name: string]: Tensor } {
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, toTensor(array, dtypeOf(array))]));
}

/** The array of each type of tensors. */
const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

function dtypeOf({ data }: ShapedArray): keyof typeof ARRAYS {
  return data instanceof Float32Array ? "float32" : data instanceof Int32Array ? "int32" : "bool";
}

function toTensor({ shape, data }: ShapedArray, dtype: tf.DataType): Tensor {
  // The engine may keep the very array.
  return tf.tensor(data.slice(), [...shape], dtype);
}

function absent(names: object, from: object): string[] {
  return Object.keys(names).filter((name) => !Object.hasOwn(from, name));
}
