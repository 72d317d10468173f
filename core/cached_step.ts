/**
 * The fold: a loss over a whole batch, encoded in chunks.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type ChunkSource, readFrom } from "./_chunks.ts";
import { checkFinite, checkLoss, encodeChunk, joinRows } from "./_checks.ts";
import { encodeContext, lossContext } from "./_contexts.ts";
import { type GradientSum, gradientSum } from "./_gradient_sum.ts";
import type { Key } from "./key.ts";
import type { Enter } from "./_meter.ts";
import { type Directions, planner } from "./_planner.ts";
import { checkPaired, checkTargets, openInputs, type Place, prepare } from "./_prepare.ts";
import { recalling, type Remembered } from "./_remembered.ts";
import {
  checkRepresented,
  type Context,
  encodeKept,
  inBatchOrder,
  represent,
  representWhole,
  takeRepresented,
} from "./_represent.ts";
import type { CachedStep, InputPlan, StepOptions, StepResult } from "./step.ts";
import type { Params, Scalar, Tensor, Tensor2D } from "./types.ts";

/**
 * Makes a step whose memory is that of a chunk and whose gradients are those of the whole batch.
 *
 * 1. *Represent*: encodes the chunks without a tape; only the representations `[examples, dim]` stay.
 * 2. *Couple*: evaluates the loss over the whole representation matrices; the gradient for each row is that row's
 *    cotangent. Parameters of the loss get their gradient here, once.
 * 3. *Replay*: encodes each chunk again, on the tape, and pulls its cotangents back to the parameters.
 *
 * The first `keep` chunks of an input are encoded only once, on the tape of the coupling, which takes their memory and
 * saves their second encoding. Luyu Gao, Yunyi Zhang, Jiawei Han, Jamie Callan, "Scaling Deep Contrastive Learning
 * Batch Size under Memory Limited Setup", 2021.
 *
 * With `memory` in place of chunks, they are planned: the first step on examples of some shape measures what encoders
 * take, on a few of them, and each step takes the plan of the least predicted time that fits (see
 * {@linkcode planStep}). What the loss takes is measured by the first step on so many examples, which keeps nothing on the tape;
 * until then it is taken to be a row loss, and its memory to be full if it has one. A loss that takes more can bring a step above the budget; the next plan is
 * corrected then, and the result says so. Nothing is above the budget but by such a surprise, and where no plan does
 * any more: steps go on with the leanest. `result.memory` has the plan, and what it took. Plans follow measured times,
 * so that runs are equal but for rounding; with given chunks they are equal bit for bit.
 *
 * @param options What to encode, the loss, and in which chunks or how much memory.
 * @returns A step; see {@linkcode Step}.
 * @throws {TypeError} If an encoder mixes the examples of a batch and no policy lets it through, or it is not said how
 * to chunk, or in two ways, or a plan would change what an encoder mixes. The step throws one if it is to cut ready
 * chunks.
 * @throws {RangeError} If a chunk size is not an integer of at least 1, or memory is no amount. The first step on a
 * shape throws one if no plan fits the budget, which names the least that does; any step does if inputs do not fit
 * together, the loss does not use an input whose encoder is trained, or a representation or the loss is not finite
 * (which engines that cannot be read from synchronously do not check); no parameter has changed then. Gradients are
 * not checked.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { cachedStep, type Encoder, key, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const kernel = tf.variable(tf.ones([3, 2]));
 * const encoder: Encoder<tf.Tensor2D> = { params: { kernel }, encode: (x) => tf.matMul(x, kernel as tf.Tensor2D) };
 * const step = cachedStep({ encoders: [encoder], loss: ([z]) => tf.mean(tf.square(z!)), chunkSize: 2 });
 *
 * const { loss, gradients } = step([tf.ones([5, 3])], key(0));
 * assertEquals(loss.dataSync()[0], 9);
 * assertEquals(gradients["encoder0/kernel"]!.shape, [3, 2]);
 * ```
 *
 * @example In the memory there is
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { cachedStep, describePlan, type Encoder, key, useBackend } from "@gradfold/gradfold/core";
 * import { assert } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const kernel = tf.variable(tf.ones([3, 2]));
 * const encoder: Encoder<tf.Tensor2D> = { params: { kernel }, encode: (x) => tf.matMul(x, kernel as tf.Tensor2D) };
 * const step = cachedStep({ encoders: [encoder], loss: ([z]) => tf.mean(tf.square(z!)), memory: "2MB" });
 *
 * const { memory } = step([tf.ones([500, 3])], key(0));
 * assert(memory!.peakBytes <= 2e6);
 * console.log(describePlan(memory!));
 * ```
 */
export function cachedStep(options: StepOptions): CachedStep {
  const { loss, memory, training = true, crossExample, paired = true } = options;
  const { places, params } = prepare(options);
  const plan = memory === undefined ? undefined : planner(memory, places, params, loss);
  const contextsOf = (key: Key) =>
    places.map(({ encoder }, i) => encodeContext(key, i, training, encoder.crossExample && crossExample));

  const step = (...[inputs, key, targets, { represented } = {}]: Parameters<CachedStep>): StepResult => {
    const open = (places: readonly Place[]) => openInputs(places, inputs, targets, paired);
    // The checks of any step come before what planning computes.
    const opened = open(places);
    if (represented) checkRepresented(represented, places, opened);
    const contexts = contextsOf(key);
    const run = ({ places, tileBytes, enter }: Directions) =>
      foldOver({
        places,
        sources: open(places),
        contexts,
        params,
        ...(represented ? { represented } : {}),
        loss: (matrices) => loss(matrices, lossContext(key, training, targets, tileBytes)),
        checkSizes: (sources) => {
          if (paired) checkPaired(sources);
          checkTargets(sources, targets);
        },
        enter,
      });
    if (!plan) return run({ places, enter: () => {} });
    const { result, memory } = plan.run({ inputs, contexts }, run);
    return { ...result, memory };
  };
  return Object.assign(step, {
    params,
    represent(inputs: Parameters<CachedStep>[0], key: Key) {
      openInputs(places, inputs, undefined, paired);
      const contexts = contextsOf(key);
      const decided = plan ? plan.represent({ inputs, contexts }) : places;
      const sources = openInputs(decided, inputs, undefined, paired);
      return tf.tidy(() => decided.map((place, i) => representWhole(place, sources[i]!, contexts[i]!)));
    },
  });
}

/** A batch, and all that is needed to fold it. */
interface Fold {
  readonly places: readonly Place[];
  readonly sources: readonly ChunkSource[];
  readonly contexts: readonly Context[];
  readonly params: Params;
  /** Representations that are not to be encoded; none if left out. */
  readonly represented?: readonly Tensor2D[];
  readonly loss: (matrices: readonly Tensor2D[]) => Scalar;
  /** Checks that sizes fit which are only known once all chunks were read. */
  readonly checkSizes: (sources: readonly ChunkSource[]) => void;
  /** Told of each phase. */
  readonly enter: Enter;
}

function foldOver({ places, sources, contexts, params, represented, loss, checkSizes, enter }: Fold): StepResult {
  const sum = gradientSum(params);
  const memories = places.map(({ remember }): Remembered[] | undefined => remember && !represented ? [] : undefined);
  try {
    const result = tf.tidy(() => {
      enter("represent");
      const cached = places.map((place, i) =>
        represented
          ? takeRepresented(place, sources[i]!, represented[i]!)
          : represent(place, sources[i]!, contexts[i]!, memories[i])
      );
      checkSizes(sources);

      enter("keep");
      const joined: Tensor2D[] = [];
      const { value, others } = sum.add(() => {
        places.forEach((place, i) => {
          const kept = encodeKept(place, sources[i]!, contexts[i]!);
          joined[i] = joinRows(cached[i] ? [...kept, cached[i]] : kept, place.name);
        });
        const matrices = joined.map((matrix, i) => {
          const restored = inBatchOrder(matrix, sources[i]!);
          checkFinite(restored, places[i]!.name);
          return restored;
        });
        enter("loss");
        const coupled = loss(matrices);
        checkLoss(coupled);
        return coupled;
      }, {
        others: () => {
          enter("backward");
          return joined.filter((_, i) => places[i]!.trained);
        },
      });
      tf.dispose(cached.filter((matrix) => matrix !== undefined));

      enter("replay");
      const cotangents = [...others];
      places.forEach((place, i) => {
        if (!place.trained) return;
        const cotangent = cotangents.shift();
        if (!cotangent) {
          throw new TypeError(`Cannot couple: the loss does not use the representations of ${place.name}`);
        }
        replay(place, sources[i]!, { context: contexts[i]!, cotangent, memory: memories[i], add: sum.add });
        cotangent.dispose();
      });
      enter("finish");
      return { loss: value, gradients: sum.finish() };
    });
    return { ...result, plan: places.map((place, i) => describe(place, sources[i]!)) };
  } catch (error) {
    sum.dispose();
    tf.dispose(memories.map((memory) => memory ?? []));
    throw error;
  }
}

interface Replay {
  readonly context: Context;
  readonly cotangent: Tensor;
  /** What was remembered of each chunk. */
  readonly memory: readonly Remembered[] | undefined;
  readonly add: GradientSum["add"];
}

/** Encodes the other chunks again, on a tape each, and pulls their cotangents back. */
function replay(place: Place, source: ChunkSource, { context, cotangent, memory, add }: Replay): void {
  readFrom(source, (cursor) => {
    cursor.skip(place.keep);
    for (let index = place.keep; index < source.size!.chunks; index++) {
      let rows = { first: 0, count: 0 };
      const { value } = add(() => {
        const chunk = cursor.next()!;
        rows = chunk;
        const encode = () => encodeChunk(place, chunk, context);
        const remembered = memory?.[index - place.keep];
        return remembered ? recalling(remembered, encode) : encode();
      }, { cotangent: () => tf.slice(cotangent, [rows.first], [rows.count]) });
      value.dispose();
    }
  });
}

function describe({ keep, trained }: Place, source: ChunkSource): InputPlan {
  const { examples, chunks, chunkSize } = source.size!;
  const kept = Math.min(keep, chunks);
  return { examples, chunkSize, chunks, kept, replayed: trained ? chunks - kept : 0 };
}
