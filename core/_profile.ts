/**
 * Measures what an encoder takes, on a few examples of the batch.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { canReadSync } from "./backend.ts";
import { pullback } from "./_autodiff.ts";
import { encodeChunk } from "./_checks.ts";
import type { Chunk } from "./_chunks.ts";
import { costAt, type CostPoint, type EncodingCost, NO_COST } from "./_costs.ts";
import { gradientSum } from "./_gradient_sum.ts";
import { disposeLookup, recordLookups } from "./lookup.ts";
import type { Place } from "./_prepare.ts";
import { weighing } from "./_remembered.ts";
import { type PeakWatch, watchPeak } from "./_watch.ts";
import type { EncodeContext, Params, Tensor } from "./types.ts";

/** What an encoder takes. */
export interface Profile {
  /** What was measured, ascending. */
  readonly points: readonly CostPoint[];
  /** Bytes of one representation. */
  readonly rowBytes: number;
  /** Bytes of the parameters' gradients while they are summed over chunks. */
  readonly sumBytes: number;
  /** Bytes of the largest gradient that a tape gives, which those of embedding tables are not. */
  readonly addBytes: number;
}

/** What to measure, and how far. */
export interface ProfileOptions {
  readonly place: Place;
  /** What is trained. */
  readonly params: Params;
  readonly context: Omit<EncodeContext, "rows">;
  /** Makes a chunk of so many examples, in the scope that it is called in. */
  readonly take: (examples: number) => Chunk;
  /** The most examples to take, the whole batch. */
  readonly most: number;
  /** Bytes of the batch, which examples that are less than all of it are copied from. */
  readonly batchBytes: number;
  /** The most bytes to take, unless a single example takes more. */
  readonly budgetBytes: number;
}

const BYTES_PER_NUMBER = 4;
/** Timed runs of each size. */
const RUNS = 3;
/** So many numbers of examples are measured, if memory allows to go up to all of them. */
const SIZES = 5;
/** At most so many are. */
const MOST_SIZES = 9;
/** Each is at least so many times the one before, unless memory forbids. */
const GROWTH = 4;
/** Up to here the most that a size may take is not told from what the line through the last two says. */
const CLOSE = 1.005;
/** A run that takes longer is not timed again, in milliseconds. */
const LONG = 1000;
/** No larger size is measured, if it is thought to take longer. */
const TOO_LONG = 5000;

/**
 * Encodes more and more examples, without a tape and with one, and pulls ones back. Nothing is left behind.
 *
 * Bytes are exact. Times are the shortest of a few; on an engine that cannot be read from at once they are not measured
 * but taken to be one for each example, and twice as much for the way back.
 */
export function profileEncoder(options: ProfileOptions): Profile {
  const points: CostPoint[] = [];
  let [rowBytes, sumBytes, surplusBytes] = [0, 0, 0];
  for (let size: number | undefined = 1; size !== undefined; size = nextSize(points, options)) {
    const examples = size;
    tf.tidy(() => {
      const measured = measureSize(examples, surplusBytes, options);
      points.push({ ...measured.cost, examples });
      ({ rowBytes, sumBytes, surplusBytes } = measured);
    });
  }
  return { points, rowBytes, sumBytes, addBytes: options.place.trained ? largestOnTape(options) : 0 };
}

function nextSize(
  points: readonly CostPoint[],
  { most, batchBytes, budgetBytes }: ProfileOptions,
): number | undefined {
  const last = points.at(-1)!;
  if (points.length === MOST_SIZES) return undefined;
  const peak = ({ inferenceBytes, forwardBytes, backwardBytes }: EncodingCost) =>
    Math.max(inferenceBytes, forwardBytes, backwardBytes);
  const before = points.at(-2);
  const slope = before && (peak(last) - peak(before)) / (last.examples - before.examples);
  const fits = (examples: number) => {
    const copied = examples === most ? batchBytes : 0;
    const atMost = peak(costAt(points, examples)) - copied;
    if (atMost <= budgetBytes || slope === undefined) return atMost <= budgetBytes;
    const onLine = peak(last) + slope * (examples - last.examples) - copied;
    return onLine <= budgetBytes && atMost <= CLOSE * budgetBytes;
  };
  const largest = fits(most) ? most : largestThat(fits, last.examples, most);
  const left = Math.max(1, SIZES - points.length);
  const even = Math.ceil(last.examples * (largest / last.examples) ** (1 / left));
  const next = Math.min(largest, Math.max(GROWTH * last.examples, even));
  const { inferenceMs, trainingMs } = costAt(points, next);
  return next > last.examples && inferenceMs + trainingMs <= TOO_LONG ? next : undefined;
}

/** The largest integer up to `most` that passes, where all smaller ones pass too and `passed` does. */
function largestThat(passes: (value: number) => boolean, passed: number, most: number): number {
  let [low, high] = [passed, Math.max(passed, most)];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (passes(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

type TrainingFigure = "tapeBytes" | "forwardBytes" | "backwardBytes" | "replayBytes" | "trainingMs";

interface Measured extends Pick<Profile, "rowBytes" | "sumBytes"> {
  readonly cost: EncodingCost;
  /** By how much adding to a sum takes more than making the first one did. It is less with more examples. */
  readonly surplusBytes: number;
}

function measureSize(examples: number, surplusBytes: number, options: ProfileOptions): Measured {
  const { place, context, take } = options;
  const encode = () => encodeChunk(place, take(examples), context);
  const watch = watchPeak();
  try {
    let [rowBytes, rememberedBytes, rememberedMs] = [0, 0, Infinity];
    const infer = () => {
      const { result, bytes, ms } = weighing(() => tf.tidy(encode));
      rowBytes = BYTES_PER_NUMBER * result.shape[1];
      rememberedBytes = bytes;
      rememberedMs = Math.min(rememberedMs, ms);
      settle(result);
    };
    infer();
    const inferenceBytes = watch.lap();
    const inferenceMs = fastest(infer);
    const inference = { ...NO_COST, inferenceBytes, inferenceMs, rememberedBytes, rememberedMs };
    // No plan does with less than one example, which may take what it takes.
    const within = examples === 1 ? { surplusBytes, budgetBytes: Infinity } : { ...options, surplusBytes };
    const { sumBytes, ...training } = place.trained
      ? measureTraining(encode, { ...options, ...within }, watch)
      : { sumBytes: 0 };
    const cost = { ...inference, ...training };
    return {
      cost: canReadSync() ? cost : { ...cost, inferenceMs: examples, trainingMs: 3 * examples, rememberedMs: 0 },
      rowBytes,
      sumBytes,
      surplusBytes: examples > 1
        ? surplusBytes
        : Math.max(0, cost.replayBytes - Math.max(cost.forwardBytes, cost.backwardBytes)),
    };
  } finally {
    watch.stop();
  }
}

function measureTraining(
  encode: () => Tensor,
  { params, budgetBytes, surplusBytes }: ProfileOptions & Pick<Measured, "surplusBytes">,
  watch: PeakWatch,
): Pick<EncodingCost, TrainingFigure> & { readonly sumBytes: number } {
  let sum = gradientSum(params);
  const train = () => {
    const before = watch.held();
    watch.lap();
    let shape: number[] = [];
    let [tapeBytes, forwardBytes] = [0, 0];
    const { value } = sum.add(() => {
      const encoded = encode();
      shape = encoded.shape;
      return encoded;
    }, {
      cotangent: () => {
        tapeBytes = watch.held() - before;
        forwardBytes = watch.lap() - before;
        return tf.ones(shape);
      },
    });
    const backwardBytes = watch.lap() - before;
    settle(value);
    return { tapeBytes, forwardBytes, backwardBytes };
  };
  const before = watch.held();
  const first = train();
  const sumBytes = watch.held() - before;
  const peak = Math.max(first.forwardBytes, first.backwardBytes);
  const most = peak + surplusBytes;
  const again = sumBytes + most <= budgetBytes;
  let replayBytes = again ? 0 : most;
  const ms = fastest(() => {
    if (!again) {
      sum.dispose();
      sum = gradientSum(params);
    }
    const { forwardBytes, backwardBytes } = train();
    if (again) replayBytes = Math.max(replayBytes, forwardBytes, backwardBytes);
  });
  sum.dispose();
  return { ...first, replayBytes, trainingMs: ms, sumBytes };
}

/** The bytes of the largest gradient that a tape gives, found with one example. */
function largestOnTape({ place, params, context, take }: ProfileOptions): number {
  return tf.tidy(() => {
    const variables = Object.values(params);
    let shape: number[] = [];
    const encode = () => {
      const { result, lookups } = recordLookups(new Set(variables), () => encodeChunk(place, take(1), context));
      lookups.forEach(disposeLookup);
      shape = result.shape;
      return result;
    };
    const { gradients } = pullback(encode, () => variables as readonly Tensor[], () => tf.ones(shape));
    return Math.max(0, ...gradients.map((gradient) => BYTES_PER_NUMBER * (gradient?.size ?? 0)));
  });
}

/** Waits for the engine, behind whose queue an operation is put, and disposes the tensor. */
function settle(tensor: Tensor): void {
  if (canReadSync()) tf.tidy(() => tf.sum(tensor).dataSync());
  tensor.dispose();
}

/** The time of the fastest of a few runs, of one if it takes long. */
function fastest(run: () => unknown): number {
  let ms = Infinity;
  for (let i = 0; i < RUNS; i++) {
    const start = performance.now();
    run();
    ms = Math.min(ms, performance.now() - start);
    if (ms > LONG || !canReadSync()) break;
  }
  return ms;
}
