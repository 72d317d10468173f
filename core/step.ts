/**
 * What the steps have in common: their options, their inputs, their result.
 *
 * @module
 */
import type { Key } from "./key.ts";
import type { MemoryPlan } from "./plan.ts";
import type { Batch, CrossExamplePolicy, Encoder, Gradients, Loss, Params, Scalar, Tensor2D } from "./types.ts";

/** A batch that comes in chunks, for data that never stands whole in memory; made by {@linkcode readyChunks}. */
export interface ReadyChunks {
  /** The chunks; a step iterates them two or three times and must see the same ones each time. */
  readonly chunks: Iterable<Batch>;
}

/** One input of a step: a whole batch, or one that comes in chunks. */
export type StepInput = Batch | ReadyChunks;

/** Options of {@linkcode cachedStep}, {@linkcode fullStep} and {@linkcode accumulate}. */
export interface StepOptions {
  /** One encoder for each input; the same encoder may stand several times. */
  // deno-lint-ignore no-explicit-any -- encoders of different batches stand side by side
  readonly encoders: readonly Encoder<any>[];
  /** The loss over one representation matrix for each input. */
  readonly loss: Loss;
  /**
   * Examples in a chunk, for all inputs or for each. {@linkcode cachedStep} needs it, `chunkTokens` or `memory`,
   * {@linkcode accumulate} needs it, {@linkcode fullStep} takes no notice.
   */
  readonly chunkSize?: number | readonly number[];
  /**
   * Padded tokens in a chunk, for all inputs or for each, in place of `chunkSize` for encoders that know the lengths of
   * their examples ({@linkcode Sequences}). {@linkcode cachedStep} then sorts the examples by length and encodes them in
   * chunks that are as short as their longest example, with the same gradients; a longer example is a chunk of its own.
   */
  readonly chunkTokens?: number | readonly number[];
  /** How many chunks of each input stay on the tape and are not encoded twice. 0 if left out. */
  readonly keep?: number | readonly number[];
  /**
   * Whether outputs that are dear to compute for their size are remembered from a chunk's first encoding to its replay,
   * such as those of a transformer's feed-forward layers: about a tenth of what the tape of the whole batch takes, for a
   * third of the second encoding. The gradients are the same. False if left out; {@linkcode cachedStep} takes notice.
   */
  readonly remember?: boolean;
  /**
   * In place of `chunkSize`, `chunkTokens`, `keep` and `remember`, which {@linkcode cachedStep} then plans: the most that tensors may
   * take above what is held when a step begins, gradients included. A number of bytes, or a string in B, kB, MB, GB, KiB,
   * MiB or GiB such as `"512MB"`. Not for ready chunks, whose sizes are given, nor for {@linkcode accumulate}.
   */
  readonly memory?: number | string;
  /** Whether random layers such as dropout act. True if left out. */
  readonly training?: boolean;
  /** Lets an encoder through that mixes the examples of a batch, which chunks change; refused if left out. */
  readonly crossExample?: CrossExamplePolicy;
  /** Whether all inputs must have the same number of examples. True if left out. */
  readonly paired?: boolean;
}

/** How a step treated one input. */
export interface InputPlan {
  /** Examples in the batch. */
  readonly examples: number;
  /** Examples in the largest chunk. */
  readonly chunkSize: number;
  /** Chunks that they came in. */
  readonly chunks: number;
  /** Chunks that stayed on the tape. */
  readonly kept: number;
  /** Chunks that were encoded a second time. */
  readonly replayed: number;
}

/** What a step gives. The caller disposes the loss and the gradients. */
export interface StepResult {
  /** The loss over the whole batch. */
  readonly loss: Scalar;
  /** The gradient of the loss for each of the step's parameters. */
  readonly gradients: Gradients;
  /** How each input was treated. */
  readonly plan: readonly InputPlan[];
  /** What was planned and what it took, if the step has a budget of memory. */
  readonly memory?: MemoryPlan;
}

/** Turns a batch into the gradients of its loss; it changes no parameter. */
export interface Step {
  /** What is trained: the encoders' and the loss's parameters under the names of the gradients. */
  readonly params: Params;
  /**
   * Computes the loss and its gradients.
   *
   * @param inputs One batch for each encoder, in their order.
   * @param key The randomness of this step; fold the number of the step into it.
   * @param targets Labels, ids or weights of the examples, handed on to the loss.
   */
  (inputs: readonly StepInput[], key: Key, targets?: Batch): StepResult;
}

/** What a {@linkcode CachedStep} is given beside its inputs. */
export interface CachedStepInputs {
  /**
   * The representations of the inputs, as {@linkcode CachedStep.represent} of the same inputs, key and parameters gave
   * them: one matrix `[examples, dim]` an input. They are not encoded without a tape again, and stay the caller's. They
   * are trusted: others give other gradients.
   */
  readonly represented?: readonly Tensor2D[];
}

/** A {@linkcode Step} that can be taken in two parts: representations first, and the rest if they are trained on. */
export interface CachedStep {
  /** What is trained: the encoders' and the loss's parameters under the names of the gradients. */
  readonly params: Params;
  /**
   * Encodes a batch as the first part of a step does: in chunks, without a tape, with the random masks that the step
   * with this key has. Under a budget they are cut as the step would cut them.
   *
   * @param inputs One batch for each encoder, in their order.
   * @param key The randomness of the step.
   * @returns One matrix `[examples, dim]` an input, which the caller disposes.
   *
   * @example A batch is looked at before it is trained on
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
   * const inputs = [tf.ones([5, 3])];
   * const represented = step.represent(inputs, key(0));
   * assertEquals(represented[0]!.shape, [5, 2]);
   * const { loss } = step(inputs, key(0), undefined, { represented });
   * assertEquals(loss.dataSync()[0], 9);
   * ```
   */
  represent(inputs: readonly StepInput[], key: Key): readonly Tensor2D[];
  /**
   * Computes the loss and its gradients.
   *
   * @param inputs One batch for each encoder, in their order.
   * @param key The randomness of this step; fold the number of the step into it.
   * @param targets Labels, ids or weights of the examples, handed on to the loss.
   * @param given What is known of the inputs already.
   */
  (inputs: readonly StepInput[], key: Key, targets?: Batch, given?: CachedStepInputs): StepResult;
}

/**
 * Marks a batch as coming in chunks of any sizes.
 *
 * @param chunks Something that can be iterated more than once, each time over the same chunks: an array, or an object
 * with an iterator of its own. Tensors that the iterator makes are disposed
 * with their chunk, so what chunks share is made before; tensors that stood before are not.
 *
 * @example
 * ```ts
 * import { readyChunks } from "@gradfold/gradfold/core";
 * import * as tf from "@tensorflow/tfjs";
 *
 * const files = [[1, 2, 3], [4, 5]];
 * const batch = readyChunks({
 *   *[Symbol.iterator]() {
 *     for (const rows of files) yield tf.tensor2d(rows, [rows.length, 1]);
 *   },
 * });
 * ```
 */
export function readyChunks(chunks: Iterable<Batch>): ReadyChunks {
  return new Ready(chunks);
}

/** Whether an input comes in chunks. */
export function isReady(input: StepInput): input is ReadyChunks {
  return input instanceof Ready;
}

// A class of its own, since a record with a field `chunks` is a batch.
class Ready implements ReadyChunks {
  constructor(readonly chunks: Iterable<Batch>) {
    if (typeof chunks?.[Symbol.iterator] !== "function") {
      throw new TypeError(`Cannot take ready chunks: got ${typeof chunks}, expected an iterable of batches`);
    }
  }
}
