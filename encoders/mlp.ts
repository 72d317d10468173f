/**
 * The multilayer perceptron.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Encoder, Key, Params, Tensor, Tensor2D } from "../core/mod.ts";
import { dropout, gelu, l2Normalize, pipe, relu } from "../core/ops/mod.ts";
import { glorotInit, heInit } from "./init.ts";
import { affineParams, applyActivatedAffine, applyAffine, asFloat } from "./_layers.ts";
import { requireCounts, requireRate } from "./_options.ts";

/** Options of {@linkcode mlp}. */
export interface MlpOptions {
  /** Numbers in an example. */
  readonly inputs: number;
  /** Widths of the hidden layers, first to last. None if left out, which makes the encoder an affine map. */
  readonly hidden?: readonly number[];
  /** Width of the representation. */
  readonly outputs: number;
  /** What follows each hidden layer. `relu` if left out. */
  readonly activation?: "relu" | "gelu";
  /** The probability with which entries of hidden layers are dropped in training. 0 if left out. */
  readonly dropout?: number;
  /** Whether representations are scaled to length 1. False if left out. */
  readonly normalize?: boolean;
  /** The encoder's name. */
  readonly name?: string;
  /** Where the initial parameters are drawn from. */
  readonly key: Key;
}

/**
 * Makes an encoder of affine layers with an activation between them.
 *
 * A batch is `[examples, ...]` with `inputs` numbers an example, in any shape. Parameters are `hidden0/kernel`,
 * `hidden0/bias`, … and `output/kernel`, `output/bias`; kernels of hidden layers are drawn as by He, the last as by
 * Glorot.
 *
 * @param options Widths, activation, dropout, and the key.
 * @throws {RangeError} If a width is no positive integer or the rate is not in [0, 1).
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { mlp } from "@gradfold/gradfold/encoders";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const encoder = mlp({ inputs: 28 * 28, hidden: [32], outputs: 16, key: key(1) });
 * const context = { training: false, key: key(2), rows: Int32Array.of(0, 1) };
 * assertEquals(encoder.encode(tf.zeros([2, 28, 28]), context).shape, [2, 16]);
 * ```
 */
export function mlp(options: MlpOptions): Encoder<Tensor> {
  const { inputs, hidden = [], outputs, activation = "relu", dropout: rate = 0, normalize = false, key } = options;
  const widths = Object.fromEntries(hidden.map((width, i) => [`hidden[${i}]`, width]));
  requireCounts("an MLP", { inputs, ...widths, outputs });
  requireRate("an MLP", rate);
  const activate = { relu, gelu }[activation];
  if (!activate) throw new RangeError(`Cannot make an MLP: activation is "${activation}", expected "relu" or "gelu"`);

  const layers = [...hidden.map((_, i) => `hidden${i}`), "output"];
  let params: Params = {};
  for (const [i, width] of hidden.entries()) {
    params = { ...params, ...affineParams(key, `hidden${i}`, [hidden[i - 1] ?? inputs, width], heInit) };
  }
  params = { ...params, ...affineParams(key, "output", [hidden.at(-1) ?? inputs, outputs], glorotInit) };

  return {
    ...(options.name === undefined ? {} : { name: options.name }),
    params,
    encode: (batch, context) =>
      tf.tidy(() =>
        pipe(rowsOf(batch, inputs), [
          ...layers.map((layer, i) => (x: Tensor) => {
            if (i === 0) return applyAffine(params, layer, x);
            if (rate === 0 || !context.training) return applyActivatedAffine(params, layer, x, activation);
            return applyAffine(params, layer, dropout(activate(x), rate, context, layers[i - 1]!));
          }),
          ...(normalize ? [(x: Tensor) => l2Normalize(x as Tensor2D)] : []),
        ]) as Tensor2D
      ),
  };
}

function rowsOf(batch: Tensor, inputs: number): Tensor2D {
  const examples = batch.shape[0] ?? 0;
  if (batch.size !== examples * inputs || examples === 0) {
    throw new RangeError(
      `Cannot encode: the batch has shape [${batch.shape}], expected [examples, ...] with ${inputs} numbers an example`,
    );
  }
  return tf.reshape(asFloat(batch), [examples, inputs]);
}
