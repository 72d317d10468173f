import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { AdamWOptions, Optimizer, SgdOptions } from "../../core/optimizers/mod.ts";
import { key } from "../../core/key.ts";
import { linearDecay } from "../../core/schedules.ts";
import { normal } from "../../core/stream.ts";
import { assertClose } from "../support/mod.ts";

export const shapes: Record<string, number[]> = { "tower/kernel": [3, 4], "tower/bias": [4], temperature: [] };
export const schedule = linearDecay({ peak: 0.1, warmup: 2, total: 10 });

export type Numbers = Record<string, number[]>;

export function draw(seed: number): Numbers {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape], i) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return [name, [...normal(key(seed * 100 + i), [0], size)]];
    }),
  );
}

export function tensors(values: Numbers): Record<string, tf.Tensor> {
  return Object.fromEntries(Object.entries(values).map(([name, v]) => [name, tf.tensor(v, shapes[name]!)]));
}

export function variables(values: Numbers): Record<string, tf.Variable> {
  return Object.fromEntries(
    Object.entries(tensors(values)).map(([name, value]) => {
      const variable = tf.variable(value);
      value.dispose();
      return [name, variable];
    }),
  );
}

/** Runs five updates and an oracle for them, which changes its numbers in place, and compares all parameters. */
export function compare(
  optimizer: Optimizer,
  oracle: (theta: Numbers, gradients: Numbers, step: number) => void,
): void {
  const expected = draw(1);
  const params = variables(expected);
  for (let step = 0; step < 5; step++) {
    const values = draw(2 + step);
    const gradients = tensors(values);
    assertEquals(optimizer.steps, step);
    optimizer.update(params, gradients);
    tf.dispose(gradients);
    oracle(expected, values, step);
    for (const name of Object.keys(shapes)) {
      assertClose(params[name]!, expected[name]!, 2e-6, `${name} after step ${step}`);
    }
  }
  optimizer.dispose();
  tf.dispose(params);
}

export const decays = (name: string) => shapes[name]!.length >= 2;

export function sgdOracle(
  { momentum = 0, nesterov = false, weightDecay = 0, decay }: Omit<SgdOptions, "learningRate">,
) {
  const velocity: Numbers = {};
  return (theta: Numbers, gradients: Numbers, step: number) => {
    for (const name of Object.keys(theta)) {
      velocity[name] ??= theta[name]!.map(() => 0);
      const lambda = (decay ?? decays)(name, undefined as never) ? weightDecay : 0;
      theta[name]!.forEach((value, i) => {
        const g = gradients[name]![i]! + lambda * value;
        const v = velocity[name]![i] = momentum * velocity[name]![i]! + g;
        theta[name]![i] = value - schedule(step) * (nesterov ? g + momentum * v : v);
      });
    }
  };
}

export function adamOracle(
  options: Omit<AdamWOptions, "learningRate">,
  trust: (name: string, theta: number[], r: number[]) => number = () => 1,
) {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01, decay } = options;
  const m: Numbers = {};
  const v: Numbers = {};
  return (theta: Numbers, gradients: Numbers, step: number) => {
    for (const name of Object.keys(theta)) {
      m[name] ??= theta[name]!.map(() => 0);
      v[name] ??= theta[name]!.map(() => 0);
      const lambda = (decay ?? decays)(name, undefined as never) ? weightDecay : 0;
      const r = theta[name]!.map((value, i) => {
        const g = gradients[name]![i]!;
        m[name]![i] = beta1 * m[name]![i]! + (1 - beta1) * g;
        v[name]![i] = beta2 * v[name]![i]! + (1 - beta2) * g * g;
        const mHat = m[name]![i]! / (1 - beta1 ** (step + 1));
        const vHat = v[name]![i]! / (1 - beta2 ** (step + 1));
        return mHat / (Math.sqrt(vHat) + epsilon) + lambda * value;
      });
      const ratio = trust(name, theta[name]!, r);
      theta[name] = theta[name]!.map((value, i) => value - schedule(step) * ratio * r[i]!);
    }
  };
}

export const size = (x: number[]) => Math.hypot(...x);
