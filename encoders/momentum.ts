/**
 * An encoder that follows another one slowly.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Batch, Encoder, Tensor, Variable } from "../core/types.ts";
import { freeze } from "./freeze.ts";

/** Options of {@linkcode momentumEncoder}. */
export interface MomentumOptions<B extends Batch> {
  /** The encoder that is trained. */
  readonly from: Encoder<B>;
  /** One of the same make, whose parameters become the moving average. */
  readonly to: Encoder<B>;
  /** How much of the average stays at an update. 0.999 if left out. */
  readonly momentum?: number;
}

/** An encoder without a gradient that follows a trained one. */
export interface MomentumEncoder<B extends Batch> {
  /** The encoder of keys, to stand in a step beside the trained one. Its parameters are those of `to`, which save it. */
  readonly encoder: Encoder<B>;
  /** Moves the parameters towards the trained ones; called after each update of those. */
  update(): void;
}

/**
 * Makes an encoder whose parameters are a moving average of another's: θₖ ← m θₖ + (1 - m) θ.
 *
 * The parameters of `to` are overwritten with those of `from` at once. The encoder gets no gradient and its random layers
 * do not act. Together with a memory of its representations it keeps what is stored consistent.
 *
 * He et al., "Momentum contrast for unsupervised visual representation learning", 2020.
 *
 * @throws {RangeError} If the momentum is not in [0, 1], or the two encoders differ in parameters; nothing is changed then.
 *
 * @example
 * ```ts
 * import { mlp, momentumEncoder } from "@gradfold/gradfold/encoders";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const make = (seed: number) => mlp({ inputs: 4, outputs: 2, key: key(seed) });
 * const query = make(1);
 * const keys = momentumEncoder({ from: query, to: make(2), momentum: 0.99 });
 * // After each update of the query encoder:
 * keys.update();
 * assertEquals(keys.encoder.frozen, true);
 * ```
 */
export function momentumEncoder<B extends Batch>(options: MomentumOptions<B>): MomentumEncoder<B> {
  const { from, to, momentum = 0.999 } = options;
  if (!(momentum >= 0 && momentum <= 1)) {
    throw new RangeError(`Cannot follow an encoder: momentum is ${momentum}, expected a number from 0 to 1`);
  }
  const pairs = matched(from, to);
  for (const [source, target] of pairs) target.assign(source as Tensor);
  return {
    encoder: freeze(to),
    update: () =>
      tf.tidy(() => {
        for (const [source, target] of pairs) {
          target.assign(tf.add(tf.mul(target as Tensor, momentum), tf.mul(source as Tensor, 1 - momentum)));
        }
      }),
  };
}

function matched<B extends Batch>(from: Encoder<B>, to: Encoder<B>): [Variable, Variable][] {
  const names = Object.keys(from.params);
  if (names.join() !== Object.keys(to.params).join()) {
    throw new RangeError(
      `Cannot follow an encoder: it has parameters ${names.join(", ")}, the other ${Object.keys(to.params).join(", ")}`,
    );
  }
  return names.map((name) => {
    const [source, target] = [from.params[name]!, to.params[name]!];
    if (source === target) throw new RangeError(`Cannot follow an encoder: both have the same variable ${name}`);
    const [kind, other] = [source, target].map(({ dtype, shape }) => `${dtype} [${shape}]`);
    if (kind !== other) throw new RangeError(`Cannot follow an encoder: ${name} is ${kind}, the other's ${other}`);
    return [source, target];
  });
}
