import * as tf from "@tensorflow/tfjs";
import { fused, fusedKernelName, type FusedName, hasFused } from "../../core/_fused.ts";
import type { Tensor } from "../../core/mod.ts";
import { assertNewTensors, engineTest } from "../support/mod.ts";
import { random } from "./_ops_support.ts";

const names: Record<FusedName, true> = {
  Accumulate: true,
  AccumulateAll: true,
  AccumulateRows: true,
  AdamStep: true,
  Attention: true,
  AttentionGrad: true,
  Dropout: true,
  Gelu: true,
  GeluGrad: true,
  GroupNorm: true,
  GroupNormGrad: true,
  HalveGrad: true,
  HalveRelu: true,
  LayerNorm: true,
  LayerNormGrad: true,
  Moments: true,
  ReluGrad: true,
  SumRows: true,
  UnitRows: true,
  UnitRowsGrad: true,
  WindowHinges: true,
  WindowLogSums: true,
  WriteRows: true,
};
export const fusedNames = Object.keys(names) as FusedName[];

/** Registers a test that does nothing on an engine without the kernels. */
export function fusedTest(needed: readonly FusedName[], name: string, run: () => void): void {
  engineTest(name, () => {
    if (needed.every(hasFused)) tf.tidy(run);
  });
}

/** Runs a fused kernel and reads what it gives; it must leave its inputs, and no tensor beside its outputs. */
export function runFused(
  name: FusedName,
  inputs: readonly Tensor[],
  outputs: number,
  attributes: { readonly [name: string]: number } = {},
): Float32Array[] {
  const before = inputs.map((input) => input.dataSync().slice());
  const made = assertNewTensors(outputs, () => fused(name, inputs, attributes)!);
  inputs.forEach((input, i) => assertSameBits(input.dataSync(), before[i]!, `input ${i} of ${name}`));
  const values = made.map((output) => output.dataSync() as Float32Array);
  tf.dispose(made);
  return values;
}

/** Runs a function on an engine whose fused kernels are hidden. */
export function withoutFused<T>(run: () => T): T {
  const engine = tf.getBackend();
  const hidden = fusedNames.flatMap((name) => tf.getKernel(fusedKernelName(name), engine) ?? []);
  for (const { kernelName } of hidden) tf.unregisterKernel(kernelName, engine);
  try {
    return run();
  } finally {
    hidden.forEach(tf.registerKernel);
  }
}

/** Asserts that two lists of numbers are the same, bit for bit. */
export function assertSameBits(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  const differ = Array.from(expected).findIndex((value, i) => !Object.is(value, actual[i]));
  if (actual.length === expected.length && differ < 0) return;
  throw new Error(
    `${what}: entry ${differ} of ${expected.length} is ${actual[differ]}, expected ${expected[differ]}`,
  );
}

/** Normal random numbers as a tensor, and in the loops' form. */
export function draw(name: string, shape: number[]): { tensor: Tensor; values: Float32Array } {
  const tensor = random(name, shape);
  return { tensor, values: tensor.dataSync() as Float32Array };
}
