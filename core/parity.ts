/**
 * Compares the gradients of chunked steps with those of the whole batch on one tape.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { cachedStep } from "./cached_step.ts";
import { fullStep } from "./full_step.ts";
import type { Key } from "./key.ts";
import { measurePeak } from "./measure.ts";
import {
  compareGroups,
  type Comparison,
  type GradientValues,
  type ParityGroup,
  readGradients,
} from "./_parity_groups.ts";
import { type Replay, watchReplay } from "./_parity_replay.ts";
import type { InputPlan, Step, StepInput, StepOptions, StepResult } from "./step.ts";
import type { Batch } from "./types.ts";

export type { Comparison, ParityGroup, Replay };

/** Encoders, a loss and a batch to compare steps on: what a recipe offers as its experiment. */
export interface Experiment extends Pick<StepOptions, "encoders" | "loss" | "crossExample" | "paired"> {
  /** One batch for each encoder. */
  readonly inputs: readonly StepInput[];
  /** Labels, ids or weights of the examples. */
  readonly targets?: Batch;
  /** Chunk sizes that suit the batch. */
  readonly chunkSizes?: readonly number[];
  /** Disposes parameters and batch. */
  dispose(): void;
}

/** Options of {@linkcode parity}. */
export interface ParityOptions extends Omit<Experiment, "dispose"> {
  /** The randomness of the step. */
  readonly key: Key;
  /** Examples in a chunk; 1, a size that leaves a short last chunk, and the whole batch are worth a try. 8 and 32 if left out. */
  readonly chunkSizes?: readonly number[];
  /** How many chunks of each input stay on the tape. 0 and 2 if left out. */
  readonly keeps?: readonly number[];
  /** The largest relative L2 distance of a group's gradient that passes. 1e-5 if left out. */
  readonly tolerance?: number;
  /** Over how many steps a time is the median of. 3 if left out. */
  readonly repeats?: number;
}

/** What one step took and gave. */
export interface ParityCost {
  /** The loss. */
  readonly loss: number;
  /** Peak of tensor bytes above what was held before the step. */
  readonly peakBytes: number;
  /** Median time of a step, in milliseconds. */
  readonly milliseconds: number;
}

/** One chunk size with one `keep`, compared with the whole batch. */
export interface ParityPoint extends ParityCost, Replay {
  /** Examples in a chunk. */
  readonly chunkSize: number;
  /** How many chunks of each input stay on the tape. */
  readonly keep: number;
  /** This loss minus that of the whole batch. */
  readonly lossDifference: number;
  /** The gradients of each encoder and of the loss. */
  readonly groups: readonly ParityGroup[];
  /** The largest relative L2 distance of a group. */
  readonly relativeL2: number;
  /** Whether that is within the tolerance. */
  readonly passed: boolean;
}

/** The result of {@linkcode parity}: plain data. */
export interface ParityReport {
  /** The engine that computed it. */
  readonly engine: string;
  /** Examples of each input. */
  readonly examples: readonly number[];
  /** The policy by which encoders that mix examples were run in chunks. */
  readonly crossExample?: StepOptions["crossExample"];
  /** The largest relative L2 distance that passes. */
  readonly tolerance: number;
  /** The whole batch on one tape. */
  readonly full: ParityCost;
  /** One entry for each chunk size and `keep`. */
  readonly points: readonly ParityPoint[];
  /** Whether all points passed. */
  readonly passed: boolean;
}

/**
 * Runs {@linkcode cachedStep} for several chunk sizes and `keep` values and compares loss and gradients with those of
 * {@linkcode fullStep}, in training, so that dropout and its like act.
 *
 * A group of parameters is what belongs to one encoder, or to the loss. Its relative L2 distance is ‖g - f‖ / ‖f‖, with g
 * the gradient of all its parameters and f that of the whole batch; a single parameter whose gradient is zero but for
 * rounding, such as a bias in front of a softmax, can be far off without meaning anything.
 *
 * With `crossExample` the report says what that policy costs: the whole batch then uses the statistics of the
 * whole batch.
 *
 * The loss is evaluated for each way of chunking, so it must not change from one evaluation to the next: a loss with a
 * memory is compared without it.
 *
 * @throws {RangeError} If there is nothing to compare, the tolerance is negative or not a number, or a step's options are
 * out of range.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { type Encoder, key, parity, useBackend } from "@gradfold/gradfold/core";
 * import { assert } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const kernel = tf.variable(tf.ones([3, 2]));
 * const encoder: Encoder<tf.Tensor2D> = { params: { kernel }, encode: (x) => tf.matMul(x, kernel as tf.Tensor2D) };
 * const loss = ([z]: readonly tf.Tensor2D[]) => tf.mean(tf.square(tf.sub(z!, tf.mean(z!, 0)))) as tf.Scalar;
 *
 * const { passed } = await parity({ encoders: [encoder], loss, inputs: [tf.eye(5, 3)], key: key(0), chunkSizes: [1, 2] });
 * assert(passed);
 * ```
 */
export async function parity(options: ParityOptions): Promise<ParityReport> {
  const { encoders, loss, inputs, key, targets, crossExample, paired } = options;
  const { chunkSizes = [8, 32], keeps = [0, 2], tolerance = 1e-5, repeats = 3 } = options;
  if (chunkSizes.length === 0 || keeps.length === 0) {
    throw new RangeError(
      `Cannot compare: got ${chunkSizes.length} chunk sizes and ${keeps.length} values of keep, expected one at least`,
    );
  }
  if (!(tolerance >= 0)) throw new RangeError(`Cannot compare: tolerance is ${tolerance}, expected a number from 0 up`);
  if (!(Number.isInteger(repeats) && repeats > 0)) {
    throw new RangeError(`Cannot compare: repeats is ${repeats}, expected a positive integer`);
  }
  const shared = { loss, ...(paired === undefined ? {} : { paired }) };
  const policy = crossExample === undefined ? {} : { crossExample };
  const cases = chunkSizes.flatMap((chunkSize) =>
    keeps.map((keep) => ({ ...shared, ...policy, encoders, chunkSize, keep }))
  );
  // Made before the first step, so that options out of range are told at once.
  const steps = cases.map(cachedStep);
  const whole = fullStep({ ...shared, encoders, chunkSize: Infinity });
  const run = (step: Step) => step(inputs, key, targets);

  const full = await take(() => run(whole), repeats);
  const points: ParityPoint[] = [];
  for (const [i, made] of cases.entries()) {
    const { cost, gradients } = await take(() => run(steps[i]!), repeats);
    const replay = await watchReplay(encoders, (watched) => run(cachedStep({ ...made, encoders: watched })));
    const groups = compareGroups(gradients, full.gradients);
    // A distance that is NaN makes this NaN, which does not pass.
    const relativeL2 = Math.max(...groups.map((group) => group.relativeL2));
    points.push({
      chunkSize: made.chunkSize,
      keep: made.keep,
      ...cost,
      lossDifference: cost.loss - full.cost.loss,
      ...replay,
      groups,
      relativeL2,
      passed: relativeL2 <= tolerance,
    });
  }
  return {
    engine: tf.getBackend(),
    examples: full.plan.map(({ examples }) => examples),
    ...policy,
    tolerance,
    full: full.cost,
    points,
    passed: points.every(({ passed }) => passed),
  };
}

/** Takes a step several times: first for its numbers and its memory, then for its time. */
async function take(
  run: () => StepResult,
  repeats: number,
): Promise<{ cost: ParityCost; gradients: GradientValues; plan: readonly InputPlan[] }> {
  const { result, peakBytes } = await measurePeak(run);
  const [loss] = await result.loss.data();
  const gradients = await readGradients(result.gradients);
  tf.dispose([result.loss, result.gradients]);
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
  return { cost: { loss: loss!, peakBytes, milliseconds }, gradients, plan: result.plan };
}
