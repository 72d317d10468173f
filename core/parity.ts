/**
 * Compares the gradients of chunked steps with those of the whole batch on one tape.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { cachedStep } from "./cached_step.ts";
import { fullStep } from "./full_step.ts";
import type { Key } from "./key.ts";
import { type ParityCost, settle, take } from "./_parity_cost.ts";
import { compareGroups, type Comparison, type ParityGroup } from "./_parity_groups.ts";
import { checkRepeatable } from "./_parity_loss.ts";
import { type Replay, watchReplay } from "./_parity_replay.ts";
import type { MemoryPlan } from "./plan.ts";
import type { Step, StepInput, StepOptions } from "./step.ts";
import type { Batch } from "./types.ts";

export type { Comparison, ParityCost, ParityGroup, Replay };

/**
 * Encoders, a loss and a batch to compare steps on: what a recipe offers as its experiment. With `chunkTokens` steps in
 * such chunks are compared, with `memory` a step that is planned for this budget.
 */
export interface Experiment
  extends Pick<StepOptions, "encoders" | "loss" | "crossExample" | "paired" | "chunkTokens" | "memory"> {
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
  /**
   * Examples in a chunk; 1, a size that leaves a short last chunk, and the whole batch are worth a try. 8 and 32 if left
   * out, none if `chunkTokens` or `memory` is given.
   */
  readonly chunkSizes?: readonly number[];
  /** How many chunks of each input stay on the tape, where no budget plans that. 0 and 2 if left out. */
  readonly keeps?: readonly number[];
  /** The largest relative L2 distance of a group's gradient that passes. 1e-5 if left out. */
  readonly tolerance?: number;
  /** Over how many steps a time is the median of. 3 if left out. */
  readonly repeats?: number;
}

/** One way of chunking, compared with the whole batch. */
export interface ParityPoint extends ParityCost, Replay, Pick<StepOptions, "chunkTokens"> {
  /** Examples in a chunk, if that was given. */
  readonly chunkSize?: number;
  /** How many chunks of each input stay on the tape, if that was given. */
  readonly keep?: number;
  /** What was planned for a budget, after the plan has settled, and what it took. */
  readonly memory?: MemoryPlan;
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
  /** One entry for each chunk size and `keep`, then for `chunkTokens` and each `keep`, then for `memory`. */
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
 * With `memory` the step is measured once its plan has settled, since the first step of a shape keeps nothing on the tape.
 * Its replay is compared in the chunks of the plan, each encoded by itself.
 *
 * The loss is evaluated for each way of chunking, so it must be the same each time: it is evaluated twice to begin with,
 * and refused if it differs, as one with a memory does, which has been written to then. A memory that warms up first is
 * not found out.
 *
 * @throws {RangeError} If there is nothing to compare, the tolerance is negative or not a number, a step's options are
 * out of range, or no plan fits `memory`.
 * @throws {TypeError} If the loss changes from one evaluation to the next, or a step's options do not fit together.
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
  const { tolerance = 1e-5, repeats = 3 } = options;
  const ways = waysOf(options);
  if (!(tolerance >= 0)) throw new RangeError(`Cannot compare: tolerance is ${tolerance}, expected a number from 0 up`);
  if (!(Number.isInteger(repeats) && repeats > 0)) {
    throw new RangeError(`Cannot compare: repeats is ${repeats}, expected a positive integer`);
  }
  const shared = { encoders, loss, ...(paired === undefined ? {} : { paired }) };
  const policy = crossExample === undefined ? {} : { crossExample };
  // Made before the first step, so that options out of range are told at once.
  const steps = ways.map((way) => cachedStep({ ...shared, ...policy, ...way }));
  const run = (step: Step) => step(inputs, key, targets);

  await checkRepeatable(loss, (watched) => run(fullStep({ ...shared, loss: watched })));
  const full = await take(() => run(fullStep(shared)), repeats);
  const points: ParityPoint[] = [];
  for (const [i, { memory: budget, ...given }] of ways.entries()) {
    const again = () => run(steps[i]!);
    if (budget !== undefined) settle(again);
    const { cost, gradients, memory } = await take(again, repeats);
    const cut = memory ? cutOf(memory) : given;
    const replay = await watchReplay(
      encoders,
      (watched) => run(cachedStep({ ...shared, ...policy, ...cut, encoders: watched })),
    );
    const groups = compareGroups(gradients, full.gradients);
    // A distance that is NaN makes this NaN, which does not pass.
    const relativeL2 = Math.max(...groups.map((group) => group.relativeL2));
    points.push({
      ...given,
      ...(memory ? { memory } : {}),
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

/** How a step is told to cut its inputs. */
interface Way extends Pick<StepOptions, "chunkTokens" | "memory"> {
  readonly chunkSize?: number;
  readonly keep?: number;
}

/** All ways of chunking to compare. */
function waysOf({ chunkSizes, keeps = [0, 2], chunkTokens, memory }: ParityOptions): Way[] {
  const tokens = chunkTokens === undefined ? [] : [{ chunkTokens }];
  const budgets = memory === undefined ? [] : [{ memory }];
  const sizes = chunkSizes ?? (tokens.length + budgets.length > 0 ? [] : [8, 32]);
  const cuts = [...sizes.map((chunkSize) => ({ chunkSize })), ...tokens];
  const ways = [...cuts.flatMap((cut) => keeps.map((keep) => ({ ...cut, keep }))), ...budgets];
  if (ways.length > 0) return ways;
  throw new RangeError(
    `Cannot compare: got ${sizes.length} chunk sizes and ${keeps.length} values of keep, expected one at least`,
  );
}

/** The chunks of a plan as options, since a step with a budget would plan anew. */
function cutOf({ inputs }: MemoryPlan): Pick<StepOptions, "chunkSize" | "chunkTokens" | "keep" | "remember"> {
  const byTokens = inputs.some(({ chunkTokens }) => chunkTokens !== undefined);
  return {
    chunkSize: inputs.map(({ chunkSize }) => chunkSize),
    keep: inputs.map(({ kept }) => kept),
    remember: inputs.some(({ remember }) => remember),
    // Encoders that cannot be cut by tokens take no notice of it.
    ...(byTokens ? { chunkTokens: inputs.map(({ chunkTokens = Infinity }) => chunkTokens) } : {}),
  };
}
