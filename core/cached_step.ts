/**
 * The fold: a loss over a whole batch, encoded in chunks.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type ChunkSource, readFrom } from "./_chunks.ts";
import { checkFinite, checkLoss, encodeChunk, joinRows } from "./_checks.ts";
import { encodeContext, lossContext } from "./_contexts.ts";
import { gradientSum } from "./_gradient_sum.ts";
import { checkPaired, checkTargets, openInputs, type Place, prepare } from "./_prepare.ts";
import type { InputPlan, Step, StepOptions, StepResult } from "./step.ts";
import type { EncodeContext, Tensor, Tensor2D } from "./types.ts";

/**
 * Makes a step whose memory is that of a chunk and whose gradients are those of the whole batch.
 *
 * 1. *Represent*: encodes the chunks without a tape; only the representations `[examples, dim]` stay.
 * 2. *Couple*: evaluates the loss over the whole representation matrices; the gradient for each row is that row's
 *    cotangent. Parameters of the loss get their gradient here, once.
 * 3. *Replay*: encodes each chunk again, on the tape, and pulls its cotangents back to the parameters.
 *
 * The first `keep` chunks of an input are encoded only once, on the tape of the coupling, which takes their memory and
 * saves their second encoding. Luyu Gao, Yunyi Zhang, Jiawei Han, Jamie Callan, "Scaling Deep Contrastive Learning Batch
 * Size under Memory Limited Setup", 2021.
 *
 * @param options What to encode, the loss, and in which chunks.
 * @returns A step; see {@linkcode Step}.
 * @throws {TypeError} If an encoder mixes the examples of a batch and no policy lets it through.
 * @throws {RangeError} If a chunk size is not an integer of at least 1. The step throws if inputs do not fit together,
 * the loss does not use an input whose encoder is trained, or a representation or the loss is not finite (which engines
 * that cannot be read from synchronously do not check); no parameter has changed then. Gradients are not checked.
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
 */
export function cachedStep(options: StepOptions): Step {
  const { loss, training = true, crossExample, paired = true } = options;
  const { places, params } = prepare(options);

  const step = (...[inputs, key, targets]: Parameters<Step>): StepResult => {
    const sources = openInputs(places, inputs, targets, paired);
    const contexts = places.map(({ encoder }, i) =>
      encodeContext(key, i, training, encoder.crossExample && crossExample)
    );
    const sum = gradientSum(params);
    try {
      const result = tf.tidy(() => {
        const cached = places.map((place, i) => represent(place, sources[i]!, contexts[i]!));
        if (paired) checkPaired(sources);
        checkTargets(sources, targets);

        const matrices: Tensor2D[] = [];
        const { value, others } = sum.add(() => {
          places.forEach((place, i) => {
            const kept = encodeKept(place, sources[i]!, contexts[i]!);
            matrices[i] = joinRows(
              cached[i] ? [...kept, cached[i]] : kept,
              place.name,
            );
            checkFinite(matrices[i], place.name);
          });
          const coupled = loss(matrices, lossContext(key, training, targets));
          checkLoss(coupled);
          return coupled;
        }, { others: () => matrices.filter((_, i) => places[i]!.trained) });
        tf.dispose(cached.filter((matrix) => matrix !== undefined));

        const cotangents = [...others];
        places.forEach((place, i) => {
          if (!place.trained) return;
          const cotangent = cotangents.shift();
          if (!cotangent) {
            throw new TypeError(`Cannot couple: the loss does not use the representations of ${place.name}`);
          }
          replay(place, sources[i]!, contexts[i]!, cotangent, sum.add);
          cotangent.dispose();
        });
        return { loss: value, gradients: sum.finish() };
      });
      return {
        ...result,
        plan: places.map((place, i) => plan(place, sources[i]!)),
      };
    } catch (error) {
      sum.dispose();
      throw error;
    }
  };
  return Object.assign(step, { params });
}

type Context = Omit<EncodeContext, "rows">;

/** Encodes all but the kept chunks, without a tape. */
function represent(place: Place, source: ChunkSource, context: Context): Tensor2D | undefined {
  const parts: Tensor2D[] = [];
  readFrom(source, (cursor) => {
    cursor.skip(place.keep);
    for (;;) {
      const encoded = tf.tidy(() => {
        const chunk = cursor.next();
        return chunk && encodeChunk(place, chunk, context);
      });
      if (!encoded) break;
      parts.push(encoded);
    }
  });
  if (parts.length < 2) return parts[0];
  const joined = joinRows(parts, place.name);
  tf.dispose(parts);
  return joined;
}

/** Encodes the kept chunks on the tape that is being recorded. */
function encodeKept(place: Place, source: ChunkSource, context: Context): Tensor2D[] {
  const length = Math.min(place.keep, source.size!.chunks);
  return readFrom(
    source,
    (cursor) => Array.from({ length }, () => tf.tidy(() => encodeChunk(place, cursor.next()!, context))),
  );
}

/** Encodes the other chunks again, on a tape each, and pulls their cotangents back. */
function replay(
  place: Place,
  source: ChunkSource,
  context: Context,
  cotangent: Tensor,
  add: ReturnType<typeof gradientSum>["add"],
): void {
  readFrom(source, (cursor) => {
    cursor.skip(place.keep);
    for (let index = place.keep; index < source.size!.chunks; index++) {
      let rows = { first: 0, count: 0 };
      const { value } = add(() => {
        const chunk = cursor.next()!;
        rows = chunk;
        return encodeChunk(place, chunk, context);
      }, { cotangent: () => tf.slice(cotangent, [rows.first], [rows.count]) });
      value.dispose();
    }
  });
}

function plan(place: Place, source: ChunkSource): InputPlan {
  const { examples, chunks } = source.size!;
  const kept = Math.min(place.keep, chunks);
  return {
    examples,
    chunks,
    kept,
    replayed: place.trained ? chunks - kept : 0,
  };
}
