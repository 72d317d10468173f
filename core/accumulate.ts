/**
 * Plain gradient accumulation, the baseline that loses negatives.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { checkFinite, checkLoss, encodeChunk } from "./_checks.ts";
import { type Chunk, type ChunkSource, measure, type SourceSize } from "./_chunks.ts";
import { encodeContext, lossContext } from "./_contexts.ts";
import { untaped } from "./_autodiff.ts";
import { gradientSum } from "./_gradient_sum.ts";
import { checkPaired, checkTargets, openInputs, prepare } from "./_prepare.ts";
import { fold } from "./key.ts";
import type { Step, StepOptions, StepResult } from "./step.ts";
import { sliceExamples } from "./tree.ts";
import type { Scalar } from "./types.ts";

/**
 * Makes a step that evaluates the loss of each chunk by itself and averages the gradients, weighted by examples.
 *
 * Its memory is that of a chunk, and so are its negatives: for a loss that couples examples the result is not that of
 * the whole batch. It takes the options of {@linkcode cachedStep}; `keep` plays no part in it. `memory` and
 * `chunkTokens` are refused, since what is in a chunk changes the result.
 *
 * @throws {TypeError} If `paired` is false, or `memory` or `chunkTokens` is given.
 * @throws {RangeError} If inputs are cut into chunks of different sizes.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { accumulate, type Encoder, key, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const kernel = tf.variable(tf.ones([3, 2]));
 * const encoder: Encoder<tf.Tensor2D> = { params: { kernel }, encode: (x) => tf.matMul(x, kernel as tf.Tensor2D) };
 * const step = accumulate({ encoders: [encoder], loss: ([z]) => tf.mean(tf.square(z!)), chunkSize: 2 });
 *
 * assertEquals(step([tf.ones([5, 3])], key(0)).loss.dataSync()[0], 9);
 * ```
 */
export function accumulate(options: StepOptions): Step {
  const { loss, training = true } = options;
  if (options.paired === false) {
    throw new TypeError("Cannot accumulate: paired is false, expected inputs of the same number of examples");
  }
  for (const name of ["memory", "chunkTokens"] as const) {
    if (options[name] === undefined) continue;
    throw new TypeError(
      `Cannot accumulate: ${name} is ${options[name]}, but what is in a chunk changes the result; expected chunkSize`,
    );
  }
  const { places, params } = prepare({ ...options, keep: 0 });

  const step = (...[inputs, key, targets]: Parameters<Step>): StepResult => {
    const sources = openInputs(places, inputs, targets, true);
    const { examples, chunks, chunkSize } = measureAll(sources);
    checkTargets(sources, targets);
    const sum = gradientSum(params);
    const cursors = sources.map((source) => source.open());
    try {
      const result = tf.tidy(() => {
        const losses: Scalar[] = [];
        for (let index = 0; index < chunks; index++) {
          let share = 0;
          const { value } = sum.add(() => {
            const read = cursors.map((cursor) => cursor.next()!);
            share = aligned(read, sources).count / examples;
            const matrices = places.map((place, i) => {
              const context = encodeContext(key, i, training, place.encoder.crossExample && options.crossExample);
              const encode = () => encodeChunk(place, read[i]!, context);
              const matrix = place.trained ? encode() : untaped(encode);
              checkFinite(matrix, `chunk ${index} of ${place.name}`);
              return matrix;
            });
            const { first, count } = read[0]!;
            const own = targets && sliceExamples(targets, first, count);
            // The first chunk draws as the whole batch would, the others for themselves.
            const coupled = loss(matrices, lossContext(index === 0 ? key : fold(key, "chunk", index), training, own));
            checkLoss(coupled);
            return coupled;
          }, { cotangent: () => tf.scalar(share) });
          losses.push(tf.tidy(() => tf.mul(value, share)));
          value.dispose();
        }
        return { loss: tf.addN(losses) as Scalar, gradients: sum.finish() };
      });
      return {
        ...result,
        plan: sources.map(() => ({
          examples,
          chunkSize,
          chunks,
          kept: chunks,
          replayed: 0,
        })),
      };
    } catch (error) {
      sum.dispose();
      throw error;
    } finally {
      for (const cursor of cursors) cursor.close();
    }
  };
  return Object.assign(step, { params });
}

function measureAll(sources: readonly ChunkSource[]): SourceSize {
  const sizes = sources.map(measure);
  checkPaired(sources);
  return sizes[0]!;
}

/** The first of the chunks, all of which must cover the same examples. */
function aligned(chunks: readonly Chunk[], sources: readonly ChunkSource[]): Chunk {
  const [first] = chunks;
  chunks.forEach((chunk, i) => {
    if (chunk?.count !== first!.count) {
      throw new RangeError(
        `Cannot accumulate: chunk ${first!.index} of ${sources[i]!.name} has ${
          chunk?.count ?? 0
        } examples and that of ` +
          `${sources[0]!.name} ${first!.count}; expected the same chunk size for all inputs`,
      );
    }
  });
  return first!;
}
