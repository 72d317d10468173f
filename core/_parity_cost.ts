/**
 * What a step takes and gives, in numbers.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { measurePeak } from "./measure.ts";
import { type GradientValues, readGradients } from "./_parity_groups.ts";
import type { MemoryPlan } from "./plan.ts";
import type { StepResult } from "./step.ts";

/** What one step took and gave. */
export interface ParityCost {
  /** The loss. */
  readonly loss: number;
  /** Peak of tensor bytes above what was held before the step. */
  readonly peakBytes: number;
  /** Median time of a step, in milliseconds. */
  readonly milliseconds: number;
}

/** A step's numbers. */
export interface Taken extends Pick<StepResult, "plan" | "memory"> {
  readonly cost: ParityCost;
  readonly gradients: GradientValues;
}

/** Takes a step several times: first for its numbers and its memory, then for its time. */
export async function take(run: () => StepResult, repeats: number): Promise<Taken> {
  const { result: { loss, gradients, ...treatment }, peakBytes } = await measurePeak(run);
  const [value] = await loss.data();
  const values = await readGradients(gradients);
  tf.dispose([loss, gradients]);
  const times: number[] = [];
  while (times.length < repeats) {
    const start = performance.now();
    const again = run();
    // Some engines only queue the work; a value that is there shows that it is done.
    await again.loss.data();
    times.push(performance.now() - start);
    tf.dispose([again.loss, again.gradients]);
  }
  const milliseconds = times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
  return { cost: { loss: value!, peakBytes, milliseconds }, gradients: values, ...treatment };
}

/** A plan that has not settled after so many steps is taken as it is. */
const MOST_STEPS = 6;

/** Takes planned steps until their plan stays: the first one measures and keeps nothing, later ones may correct it. */
export function settle(run: () => StepResult): void {
  let last: string | undefined;
  for (let i = 0; i < MOST_STEPS; i++) {
    const { loss, gradients, memory } = run();
    tf.dispose([loss, gradients]);
    const plan = decisionsOf(memory!);
    if (plan === last) return;
    last = plan;
  }
}

function decisionsOf({ inputs, tileBytes }: MemoryPlan): string {
  return JSON.stringify([inputs, tileBytes]);
}
