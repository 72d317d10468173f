/**
 * What a step demands of encoders and losses, with messages that say where it failed.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { untaped } from "./_autodiff.ts";
import { canReadSync } from "./backend.ts";
import type { Chunk } from "./_chunks.ts";
import type { Place } from "./_prepare.ts";
import { stackRows } from "./ops/stack_rows.ts";
import type { EncodeContext, Scalar, Tensor, Tensor2D } from "./types.ts";

/** Encodes a chunk and checks the shape of what comes back. */
export function encodeChunk(
  { encoder, name }: Place,
  chunk: Chunk,
  context: Omit<EncodeContext, "rows">,
): Tensor2D {
  const rows = chunk.rows ?? Int32Array.from({ length: chunk.count }, (_, i) => chunk.first + i);
  const before = tf.tidy(() => tf.scalar(0).id);
  const given: unknown = encoder.encode(chunk.batch, { ...context, rows });
  if (!(given instanceof tf.Tensor)) {
    throw new TypeError(`Cannot encode ${name}: the encoder returned ${typeof given}, expected a tensor`);
  }
  if (given.rank !== 2 || given.shape[0] !== chunk.count) {
    throw new RangeError(
      `Cannot encode ${name}: the encoder returned shape [${given.shape}] for ${chunk.count} examples, ` +
        `expected [${chunk.count}, dim]`,
    );
  }
  // An encoder may hand through its batch, a parameter or what it holds; the step must not dispose that.
  return (given.id < before || given.kept ? tf.clone(given) : given) as Tensor2D;
}

/** Joins representations of chunks, which must agree in width. */
export function joinRows(parts: readonly Tensor2D[], name: string): Tensor2D {
  const [first] = parts;
  const odd = parts.find((part) => part.shape[1] !== first!.shape[1]);
  if (odd) {
    throw new RangeError(
      `Cannot encode ${name}: chunks came out ${first!.shape[1]} and ${odd.shape[1]} wide, expected the same width`,
    );
  }
  return parts.length === 1 ? first! : stackRows(parts);
}

/**
 * Checks that all representations are finite.
 *
 * @throws {RangeError} If one is not; the message names the first such example.
 */
export function checkFinite(representation: Tensor2D, name: string): void {
  if (!canReadSync()) return;
  // A tape would hold on to the representation for the gradient of this sum.
  const total = tf.tidy(() => untaped(() => tf.sum(representation)).dataSync()[0]!);
  if (Number.isFinite(total)) return;
  const [, width] = representation.shape;
  const at = representation.dataSync().findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  throw new RangeError(
    `Cannot couple: the encoder returned ${representation.dataSync()[at]} for example ${Math.floor(at / width)} of ` +
      `${name}, expected finite numbers; check its input and parameters`,
  );
}

/**
 * Checks that a loss is one finite number.
 *
 * @throws {TypeError} If it is not a scalar.
 * @throws {RangeError} If it is not finite.
 */
export function checkLoss(loss: unknown): asserts loss is Scalar {
  if (!(loss instanceof tf.Tensor) || loss.rank !== 0) {
    const got = loss instanceof tf.Tensor ? `a tensor of shape [${loss.shape}]` : typeof loss;
    throw new TypeError(`Cannot couple: the loss returned ${got}, expected a scalar; reduce it by a mean or sum`);
  }
  if (!canReadSync()) return;
  const value = (loss as Tensor).dataSync()[0]!;
  if (!Number.isFinite(value)) {
    throw new RangeError(`Cannot couple: the loss is ${value}, expected a finite number; no parameter was changed`);
  }
}
