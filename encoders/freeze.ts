/**
 * Encoders whose parameters are held fixed.
 *
 * @module
 */
import type { Batch, Encoder } from "../core/mod.ts";

/**
 * Gives the same encoder without anything to train: steps encode it once, never replay it, and give it no gradients.
 *
 * Its random layers do not act, since a fixed map of the examples is what is wanted. The parameters stay with the encoder
 * that was given; changing them changes the frozen one too.
 *
 * @param encoder The encoder to freeze.
 *
 * @example
 * ```ts
 * import { freeze, mlp } from "@gradfold/gradfold/encoders";
 * import { key, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const frozen = freeze(mlp({ inputs: 4, outputs: 2, key: key(1) }));
 * assertEquals(frozen.frozen, true);
 * assertEquals(frozen.params, {});
 * ```
 */
export function freeze<B extends Batch>(encoder: Encoder<B>): Encoder<B> {
  return {
    ...(encoder.name === undefined ? {} : { name: encoder.name }),
    ...(encoder.crossExample === undefined ? {} : { crossExample: encoder.crossExample }),
    ...(encoder.sequences === undefined ? {} : { sequences: encoder.sequences }),
    params: {},
    frozen: true,
    encode: (batch, context) => encoder.encode(batch, { ...context, training: false }),
  };
}
