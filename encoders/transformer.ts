/**
 * The transformer encoder of texts.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import {
  type EncodeContext,
  type Encoder,
  fold,
  type Key,
  lookup,
  type Params,
  type Tensor,
  type Tensor2D,
  type TokenBatch,
  type Variable,
} from "../core/mod.ts";
import { broadcastAdd, dropout, l2Normalize, maskedMean, pipe, selfAttention } from "../core/ops/mod.ts";
import { glorotInit, heInit, normalInit } from "./init.ts";
import { affineParams, applyActivatedAffine, applyAffine, applyNorm, applyNormAffine, normParams } from "./_layers.ts";
import { requireCounts, requireRate, requireShape } from "./_options.ts";
import { tokenSequences } from "./_sequences.ts";
import { readTokens } from "./_token_batch.ts";

/** Options of {@linkcode transformer}. */
export interface TransformerOptions {
  /** How many tokens there are. */
  readonly vocabulary: number;
  /** The longest text, in tokens. */
  readonly maxLength: number;
  /** Width of the embeddings and of what passes between layers. */
  readonly width: number;
  /** Heads of attention; a divisor of `width`. */
  readonly heads: number;
  /** How many layers, each of attention and a hidden layer. */
  readonly layers: number;
  /** Width of the hidden layers. Four times `width` if left out. */
  readonly mlp?: number;
  /** Width of the representation, reached by a last affine map. `width`, without such a map, if left out. */
  readonly outputs?: number;
  /**
   * The probability with which entries are dropped in training: of the embeddings, of what attention adds, and of what
   * the hidden layers add. 0 if left out.
   */
  readonly dropout?: number;
  /** Whether representations are scaled to length 1. True if left out. */
  readonly normalize?: boolean;
  /** A table `[vocabulary, width]` to share with another encoder. A new one if left out. */
  readonly table?: Variable;
  /** The encoder's name. */
  readonly name?: string;
  /** Where the initial parameters are drawn from. */
  readonly key: Key;
}

/**
 * Makes a transformer encoder of texts: learned positions, layers with the norm before each branch, GELU, a last layer
 * norm, and the mean over tokens.
 *
 * Padding changes nothing, in training neither: attention gives padded keys no weight, the mean leaves them out, and
 * what is dropped is drawn token by token. So a batch may be as short as its longest text. Attention probabilities are
 * not dropped, since their number depends on the padding. A text without tokens has a representation without NaN. Where
 * the mask holds weights, the mean over tokens is weighted, and attention is not.
 *
 * Parameters are `table`, `positions`, for each layer i `layer<i>/attention/norm/…`, `layer<i>/attention/projection/…`
 * (queries, keys and values side by side), `layer<i>/attention/output/…`, `layer<i>/mlp/norm/…`,
 * `layer<i>/mlp/hidden/…`, `layer<i>/mlp/output/…`, then `norm/…`, and `output/…` if `outputs` is given. Table and
 * positions are drawn normally with deviation 1 / √width; kernels that end a branch are smaller by √(2 · layers), so that
 * depth does not widen the sum. Vaswani et al., "Attention is all you need", 2017; Xiong et al., "On layer normalization
 * in the transformer architecture", 2020.
 *
 * @param options Sizes, dropout, and the key.
 * @throws {RangeError} If a size is no positive integer, heads do not divide the width, the rate is not in [0, 1), or
 * the table has another shape.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { transformer } from "@gradfold/gradfold/encoders";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const encoder = transformer({ vocabulary: 100, maxLength: 32, width: 16, heads: 4, layers: 2, key: key(1) });
 * const batch = { ids: tf.tensor2d([[5, 7, 0]], [1, 3], "int32"), mask: tf.tensor2d([[1, 1, 0]]) };
 * const context = { training: false, key: key(2), rows: Int32Array.of(0) };
 * assertEquals(encoder.encode(batch, context).shape, [1, 16]);
 * ```
 */
export function transformer(options: TransformerOptions): Encoder<TokenBatch> {
  const { vocabulary, maxLength, width, heads, layers, dropout: rate = 0, normalize = true, outputs, key } = options;
  const { mlp = 4 * width } = options;
  const maker = "a transformer";
  requireCounts(maker, { vocabulary, maxLength, width, heads, layers, mlp, outputs: outputs ?? width });
  requireRate(maker, rate);
  if (width % heads !== 0) {
    throw new RangeError(`Cannot make ${maker}: heads is ${heads}, expected a divisor of width ${width}`);
  }
  if (options.table) requireShape(maker, "table", options.table, [vocabulary, width]);

  const names = Array.from({ length: layers }, (_, i) => `layer${i}`);
  const deviation = 1 / Math.sqrt(width);
  const table = options.table ?? normalInit(fold(key, "table"), [vocabulary, width], deviation);
  const positions = normalInit(fold(key, "positions"), [maxLength, width], deviation);
  const params: Params = Object.assign(
    { table, positions },
    ...names.map((name) => layerParams(key, name, width, mlp, layers)),
    normParams("norm", width),
    outputs === undefined ? {} : affineParams(key, "output", [width, outputs], glorotInit),
  );

  return {
    ...(options.name === undefined ? {} : { name: options.name }),
    params,
    sequences: tokenSequences,
    encode: (batch, context) =>
      tf.tidy(() => {
        const { examples, length, mask } = readTokens(batch);
        if (length > maxLength) {
          throw new RangeError(`Cannot encode: texts have ${length} tokens, expected at most maxLength ${maxLength}`);
        }
        return pipe(batch.ids, [
          (ids) => broadcastAdd(lookup(table, ids), tf.slice(positions, [0, 0], [length, width])),
          (x) => dropout(tf.reshape(x, [examples * length, width]), rate, context, "embeddings"),
          ...names.flatMap((name) => [
            (x: Tensor) => attend(params, `${name}/attention`, x, mask, heads, rate, context),
            (x: Tensor) => transform(params, `${name}/mlp`, x, rate, context),
          ]),
          (x) => applyNorm(params, "norm", x),
          (x) => maskedMean(tf.reshape(x, [examples, length, width]), mask),
          (x) => outputs === undefined ? x : applyAffine(params, "output", x),
          (x) => normalize ? l2Normalize(x as Tensor2D) : x,
        ]) as Tensor2D;
      }),
  };
}

function layerParams(key: Key, name: string, width: number, mlp: number, layers: number): Params {
  const small = (key: Key, shape: readonly number[]) => glorotInit(key, shape, 1 / Math.sqrt(2 * layers));
  return {
    ...normParams(`${name}/attention/norm`, width),
    ...affineParams(key, `${name}/attention/projection`, [width, 3 * width], glorotInit),
    ...affineParams(key, `${name}/attention/output`, [width, width], small),
    ...normParams(`${name}/mlp/norm`, width),
    ...affineParams(key, `${name}/mlp/hidden`, [width, mlp], heInit),
    ...affineParams(key, `${name}/mlp/output`, [mlp, width], small),
  };
}

function attend(
  params: Params,
  name: string,
  x: Tensor,
  mask: Tensor2D,
  heads: number,
  rate: number,
  context: EncodeContext,
): Tensor {
  const branch = pipe(x, [
    (x) => applyNormAffine(params, `${name}/norm`, `${name}/projection`, x),
    (x) => selfAttention(x as Tensor2D, mask, heads),
    (x) => applyAffine(params, `${name}/output`, x),
    (x) => dropout(x, rate, context, name),
  ]);
  return broadcastAdd(x, branch);
}

function transform(params: Params, name: string, x: Tensor, rate: number, context: EncodeContext): Tensor {
  const branch = pipe(x, [
    (x) => applyNormAffine(params, `${name}/norm`, `${name}/hidden`, x),
    (x) => applyActivatedAffine(params, `${name}/output`, x, "gelu"),
    (x) => dropout(x, rate, context, name),
  ]);
  return broadcastAdd(x, branch);
}
