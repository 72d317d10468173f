/**
 * What the benches run: encoders of texts, of images and of rows of numbers, each with two inputs, on random examples.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import {
  accumulate,
  type Batch,
  cachedStep,
  type Encoder,
  fold,
  fullStep,
  type Key,
  key,
  type Loss,
  type Step,
  uniform,
} from "../core/mod.ts";
import { convolutional, mlp, transformer } from "../encoders/mod.ts";
import { infoNCE } from "../losses/mod.ts";

/** The encoders by name. */
export const encoderNames = ["transformer", "convolutional", "mlp"] as const;
/** The name of an encoder. */
export type EncoderName = (typeof encoderNames)[number];

/** The steps by name; `planned` is a cached step that plans its chunks within a budget. */
export const methodNames = ["full", "accumulate", "cached", "planned"] as const;
/** The name of a step. */
export type MethodName = (typeof methodNames)[number];

/** Which step, and how large. */
export interface StepSpec {
  readonly encoder: EncoderName;
  readonly method: MethodName;
  /** Examples of each input. */
  readonly batch: number;
  /** Examples in a chunk, of `accumulate` and `cached`. */
  readonly chunk?: number;
  /** The budget of `planned` in bytes. */
  readonly memory?: number;
  /** What part of the full batch's peak that budget is, where it was chosen so. */
  readonly share?: number;
}

/** Width of the representations of all encoders. */
export const DIM = 128;

const VOCABULARY = 5000;
const LENGTH = 32;
const SIDE = 28;
const HIDDEN = [1024, 1024];

/** An encoder that stands for both inputs, the loss that couples them, and batches for them. */
export interface BenchCase {
  // deno-lint-ignore no-explicit-any -- texts or images
  readonly encoders: readonly [Encoder<any>, Encoder<any>];
  readonly loss: Loss;
  /** Makes a batch for each input, which the caller disposes. */
  inputs(examples: number): readonly [Batch, Batch];
  dispose(): void;
}

type Kind = readonly [Encoder, (examples: number, key: Key) => Batch];

const kinds: Readonly<Record<EncoderName, (seed: Key) => Kind>> = {
  transformer: (key) => [
    transformer({ vocabulary: VOCABULARY, maxLength: LENGTH, width: DIM, heads: 4, layers: 2, mlp: 512, key }),
    texts,
  ],
  convolutional: (key) => [
    convolutional({ height: SIDE, width: SIDE, channels: 1, filters: [32, 64], dim: DIM, key }),
    images,
  ],
  mlp: (key) => [mlp({ inputs: SIDE * SIDE, hidden: HIDDEN, outputs: DIM, normalize: true, key }), rows],
};

/** Builds a case; the same numbers each time. */
export function benchCase(name: EncoderName): BenchCase {
  const seed = key(0);
  const [encoder, batch] = kinds[name](seed);
  return {
    encoders: [encoder, encoder],
    // Encoders give rows of length 1, so that a product is a cosine.
    loss: infoNCE({ temperature: 0.05, similarity: "dot" }),
    inputs: (examples) => [batch(examples, fold(seed, "anchors")), batch(examples, fold(seed, "references"))],
    dispose: () => tf.dispose(Object.values(encoder.params)),
  };
}

/** Makes the step of a case. */
export function benchStep({ encoders, loss }: BenchCase, { method, batch, chunk, memory }: StepSpec): Step {
  const chunkSize = chunk ?? batch;
  switch (method) {
    case "full":
      return fullStep({ encoders, loss, chunkSize });
    case "accumulate":
      return accumulate({ encoders, loss, chunkSize });
    case "cached":
      return cachedStep({ encoders, loss, chunkSize });
    case "planned":
      return cachedStep({ encoders, loss, memory: memory! });
  }
}

function texts(examples: number, key: Key): Batch {
  const ids = uniform(key, [0], examples * LENGTH).map((share) => Math.floor(share * VOCABULARY));
  return { ids: tf.tensor2d(Int32Array.from(ids), [examples, LENGTH]), mask: tf.ones([examples, LENGTH]) };
}

function images(examples: number, key: Key): Batch {
  return tf.tensor4d(uniform(key, [0], examples * SIDE * SIDE), [examples, SIDE, SIDE, 1]);
}

function rows(examples: number, key: Key): Batch {
  return tf.tensor2d(uniform(key, [0], examples * SIDE * SIDE), [examples, SIDE * SIDE]);
}
