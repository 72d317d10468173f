/**
 * The types that encoders, losses and steps meet in.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import type { Key } from "./key.ts";

/** A tensor of any rank. */
export type Tensor = tf.Tensor;
/** A tensor without axes: one number. */
export type Scalar = tf.Scalar;
/** A tensor with one axis. */
export type Tensor1D = tf.Tensor1D;
/** A tensor with two axes, a matrix. */
export type Tensor2D = tf.Tensor2D;
/** A tensor with three axes. */
export type Tensor3D = tf.Tensor3D;
/** A tensor with four axes. */
export type Tensor4D = tf.Tensor4D;
/** A tensor whose value an optimizer replaces. */
export type Variable = tf.Variable;

/** Trainable variables by name, in a stable order. */
export type Params = { readonly [name: string]: Variable };

/** Gradients by parameter name, each of its parameter's shape. Whoever receives them disposes them. */
export type Gradients = { readonly [name: string]: Tensor };

/** A tensor, or lists and records of tensors, all with the same leading axis: the examples. */
export type Batch = Tensor | readonly Batch[] | {
  readonly [name: string]: Batch;
};

/** Texts as token ids, padded to the longest. */
export type TokenBatch = {
  /** Rows of an embedding table, int32 `[examples, length]`; any row of it where the mask is 0, such as 0. */
  readonly ids: Tensor2D;
  /** 1 for a token, or its weight in a mean, and 0 for padding, `[examples, length]`. */
  readonly mask: Tensor2D;
};

/**
 * How an encoder that mixes the examples of a batch (batch normalisation and its like) is run in chunks:
 * `frozen` uses its stored statistics, `perChunk` those of each chunk. Neither gives the full batch's gradient.
 */
export type CrossExamplePolicy = "frozen" | "perChunk";

/** What an encoder is told beside its examples. */
export interface EncodeContext {
  /** Whether random layers such as dropout act. */
  readonly training: boolean;
  /** Randomness of this call; every layer folds its own name into it. */
  readonly key: Key;
  /**
   * For each example of the batch its row in the whole batch, which addresses its random stream, so that what an
   * example draws does not depend on the chunk that it came in.
   */
  readonly rows: Int32Array;
  /** Set when an encoder that mixes examples was let through; see {@linkcode CrossExamplePolicy}. */
  readonly crossExample?: CrossExamplePolicy;
}

/** Maps examples to rows of a representation matrix. Pure in (params, batch, context). */
export interface Encoder<B extends Batch = Batch> {
  /** A name for messages and parameter names; `encoder0`, `encoder1`, … if left out. */
  readonly name?: string;
  /** Trainable variables; the keys name them in the gradients. */
  readonly params: Params;
  /** Whether the parameters are held fixed: such an encoder is encoded once and never replayed. */
  readonly frozen?: boolean;
  /** Whether one example's representation depends on the others, as under batch normalisation. */
  readonly crossExample?: boolean;
  /** How long its examples are and how they are cut, for chunks by tokens. None if left out. */
  readonly sequences?: Sequences<B>;
  /** Encodes `[examples, …]` tensors to representations `[examples, dim]`, which the caller disposes. */
  encode(batch: B, context: EncodeContext): Tensor2D;
}

/** Examples of different lengths, padded to the longest; what is padding changes no representation. */
export interface Sequences<B extends Batch = Batch> {
  /** How many places of each example are in use, from the first to the last that is; read from the engine at once. */
  lengths(batch: B): ArrayLike<number>;
  /** The same examples without the places beyond a length, as new tensors or the old ones. */
  crop(batch: B, length: number): Batch;
}

/** What a loss is told beside the representations. */
export interface LossContext {
  /** Whether this is a training step. */
  readonly training: boolean;
  /** Randomness of this evaluation. */
  readonly key: Key;
  /** Labels, ids or weights of the examples, as given to the step. */
  readonly targets?: Batch;
  /**
   * What the matrices of a tile may take together, about, if the step has a budget of memory. A loss that reads it is
   * taken to need less with smaller tiles.
   */
  readonly tileBytes?: number;
}

/** References that are not of the batch. */
export interface FurtherReferences {
  /** How many there are at most, as in a memory that is full. */
  readonly count: number;
  /** Whether anchors are compared with them in tiles, not by a kernel that makes no matrix of pairs. */
  readonly tiled: boolean;
}

/** A scalar function of representation matrices; it may own parameters, such as a temperature. */
export interface Loss {
  /** Trainable variables of the loss itself. */
  readonly params?: Params;
  /** What it compares with beside the batch, as with a memory: a step that has a budget plans for it. None if left out. */
  readonly further?: () => FurtherReferences;
  /** Maps one matrix `[examples, dim]` per input to a scalar, which the caller disposes. */
  (representations: readonly Tensor2D[], context: LossContext): Scalar;
}
