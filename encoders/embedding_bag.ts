/**
 * Bags of embeddings: texts as means of their tokens' vectors.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import {
  type Encoder,
  fold,
  type Key,
  lookupSum,
  type Params,
  type Tensor2D,
  type TokenBatch,
  type Variable,
} from "../core/mod.ts";
import { broadcastAdd, dropout, gelu, l2Normalize, meanWeights, pipe } from "../core/ops/mod.ts";
import { glorotInit, heInit, normalInit } from "./init.ts";
import { affineParams, applyActivatedAffine, applyAffine, applyNorm, normParams } from "./_layers.ts";
import { requireCounts, requireRate, requireShape } from "./_options.ts";
import { tokenSequences } from "./_sequences.ts";
import { readTokens } from "./_token_batch.ts";

/** Options of {@linkcode embeddingBag}. */
export interface EmbeddingBagOptions {
  /** How many tokens there are. */
  readonly vocabulary: number;
  /** Width of the embeddings. */
  readonly dim: number;
  /** Width of the residual layer. Four times `dim` if left out. */
  readonly hidden?: number;
  /** Width of the representation, reached by a last affine map. `dim`, without such a map, if left out. */
  readonly outputs?: number;
  /** The probability with which entries of the mean and of the hidden layer are dropped in training. 0 if left out. */
  readonly dropout?: number;
  /** Whether representations are scaled to length 1. True if left out. */
  readonly normalize?: boolean;
  /** A table `[vocabulary, dim]` to share with another encoder. A new one if left out. */
  readonly table?: Variable;
  /** The encoder's name. */
  readonly name?: string;
  /** Where the initial parameters are drawn from. */
  readonly key: Key;
}

/**
 * Makes an encoder of texts that takes the mean of their tokens' embeddings, normalises it (layer norm), and adds what a
 * hidden layer makes of it: y = m + W₂ gelu(W₁ m).
 *
 * The order of tokens and padding do not matter; a text without tokens has a representation like any other. Where the
 * mask holds weights, the mean is weighted. A new table is drawn normally with deviation 1 / √dim. Parameters are `table`,
 * `norm/scale`, `norm/shift`, `hidden/kernel`, `hidden/bias`, `residual/kernel`, `residual/bias`, and `output/kernel`,
 * `output/bias` if `outputs` is given. Mean embeddings as encoders: Iyyer et al., "Deep unordered composition rivals
 * syntactic methods for text classification", 2015.
 *
 * @param options Sizes, dropout, and the key.
 * @throws {RangeError} If a size is no positive integer, the rate is not in [0, 1), or the table has another shape.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { embeddingBag } from "@gradfold/gradfold/encoders";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const queries = embeddingBag({ vocabulary: 100, dim: 16, key: key(1) });
 * const passages = embeddingBag({ vocabulary: 100, dim: 16, table: queries.params.table!, key: key(2) });
 * const batch = { ids: tf.tensor2d([[5, 7, 0]], [1, 3], "int32"), mask: tf.tensor2d([[1, 1, 0]]) };
 * const context = { training: false, key: key(3), rows: Int32Array.of(0) };
 * assertEquals(passages.encode(batch, context).shape, [1, 16]);
 * ```
 */
export function embeddingBag(options: EmbeddingBagOptions): Encoder<TokenBatch> {
  const { vocabulary, dim, hidden = 4 * dim, outputs, dropout: rate = 0, normalize = true, key } = options;
  const maker = "an embedding bag";
  requireCounts(maker, { vocabulary, dim, hidden, outputs: outputs ?? dim });
  requireRate(maker, rate);
  if (options.table) requireShape(maker, "table", options.table, [vocabulary, dim]);

  const table = options.table ?? normalInit(fold(key, "table"), [vocabulary, dim], 1 / Math.sqrt(dim));
  const params: Params = {
    table,
    ...normParams("norm", dim),
    ...affineParams(key, "hidden", [dim, hidden], heInit),
    ...affineParams(key, "residual", [hidden, dim], glorotInit),
    ...(outputs === undefined ? {} : affineParams(key, "output", [dim, outputs], glorotInit)),
  };

  return {
    ...(options.name === undefined ? {} : { name: options.name }),
    params,
    sequences: tokenSequences,
    encode: (batch, context) =>
      tf.tidy(() => {
        const { mask } = readTokens(batch);
        return pipe(batch.ids, [
          (ids) => lookupSum(table, ids as Tensor2D, meanWeights(mask)),
          (x) => dropout(applyNorm(params, "norm", x), rate, context, "mean"),
          (x) => {
            const inner = applyAffine(params, "hidden", x);
            const branch = rate === 0 || !context.training
              ? applyActivatedAffine(params, "residual", inner, "gelu")
              : applyAffine(params, "residual", dropout(gelu(inner), rate, context, "hidden"));
            return broadcastAdd(x, branch);
          },
          (x) => outputs === undefined ? x : applyAffine(params, "output", x),
          (x) => normalize ? l2Normalize(x as Tensor2D) : x,
        ]) as Tensor2D;
      }),
  };
}
