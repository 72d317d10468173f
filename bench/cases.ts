/**
 * What the benches run: an encoder of texts and one of images, each with two inputs, on random examples.
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
  type StepOptions,
  uniform,
} from "../core/mod.ts";
import { convolutional, transformer } from "../encoders/mod.ts";
import { infoNCE } from "../losses/mod.ts";

/** The encoders by name. */
export const encoderNames = ["transformer", "convolutional"] as const;
/** The name of an encoder. */
export type EncoderName = (typeof encoderNames)[number];

/** The steps by name. */
export const methodNames = ["full", "accumulate", "cached"] as const;
/** The name of a step. */
export type MethodName = (typeof methodNames)[number];

/** Makes the step of a name. */
export const methods: Readonly<Record<MethodName, (options: StepOptions) => Step>> = {
  full: fullStep,
  accumulate,
  cached: cachedStep,
};

/** Width of the representations of both encoders. */
export const DIM = 128;

const VOCABULARY = 5000;
const LENGTH = 32;
const SIDE = 28;

/** An encoder that stands for both inputs, the loss that couples them, and batches for them. */
export interface BenchCase {
  // deno-lint-ignore no-explicit-any -- texts or images
  readonly encoders: readonly [Encoder<any>, Encoder<any>];
  readonly loss: Loss;
  /** Makes a batch for each input, which the caller disposes. */
  inputs(examples: number): readonly [Batch, Batch];
  dispose(): void;
}

/** Builds a case; the same numbers each time. */
export function benchCase(name: EncoderName): BenchCase {
  const seed = key(0);
  const [encoder, batch] = name === "transformer"
    ? [
      transformer({
        vocabulary: VOCABULARY,
        maxLength: LENGTH,
        width: DIM,
        heads: 4,
        layers: 2,
        mlp: 512,
        key: seed,
      }),
      texts,
    ]
    : [convolutional({ height: SIDE, width: SIDE, channels: 1, filters: [32, 64], dim: DIM, key: seed }), images];
  return {
    encoders: [encoder, encoder],
    loss: infoNCE({ temperature: 0.05 }),
    inputs: (examples) => [batch(examples, fold(seed, "anchors")), batch(examples, fold(seed, "references"))],
    dispose: () => tf.dispose(Object.values(encoder.params)),
  };
}

function texts(examples: number, key: Key): Batch {
  const ids = uniform(key, [0], examples * LENGTH).map((share) => Math.floor(share * VOCABULARY));
  return { ids: tf.tensor2d(Int32Array.from(ids), [examples, LENGTH]), mask: tf.ones([examples, LENGTH]) };
}

function images(examples: number, key: Key): Batch {
  return tf.tensor4d(uniform(key, [0], examples * SIDE * SIDE), [examples, SIDE, SIDE, 1]);
}
