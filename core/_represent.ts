/**
 * The encodings of a step that are not replays.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type Chunk, type ChunkSource, measure, readFrom } from "./_chunks.ts";
import { encodeChunk, joinRows } from "./_checks.ts";
import type { Place } from "./_prepare.ts";
import { type Remembered, remembering } from "./_remembered.ts";
import { restoreOrder } from "./_sequences.ts";
import type { EncodeContext, Tensor2D } from "./types.ts";

/** What encoders are told beside the rows. */
export type Context = Omit<EncodeContext, "rows">;

/**
 * Encodes all but the kept chunks without a tape, in the order of the chunks.
 *
 * @param memory Takes what is remembered of each chunk, if that is wanted.
 */
export function represent(
  place: Place,
  source: ChunkSource,
  context: Context,
  memory?: Remembered[],
): Tensor2D | undefined {
  const parts: Tensor2D[] = [];
  const { keep } = place;
  const together = memory ? 1 : place.together ?? 1;
  const encode = (chunk: Chunk) => {
    if (!memory) return encodeChunk(place, chunk, context);
    const { result, remembered } = remembering(() => encodeChunk(place, chunk, context));
    memory.push(remembered);
    return result;
  };
  readFrom(source, (cursor) => {
    cursor.skip(keep);
    // Groups of chunks begin at multiples of their size, so that what they take does not depend on what is kept.
    for (let group = together - keep % together;; group = together) {
      const encoded = tf.tidy(() => {
        const chunk = cursor.next(group);
        return chunk && encode(chunk);
      });
      if (!encoded) break;
      parts.push(encoded);
    }
  });
  if (parts.length < 2) return parts[0];
  const joined = joinRows(parts, place.name);
  tf.dispose(parts);
  return joined;
}

/** Encodes an input without a tape, in the order of the batch. */
export function representWhole(place: Place, source: ChunkSource, context: Context): Tensor2D {
  return tf.tidy(() => inBatchOrder(represent({ ...place, keep: 0 }, source, context)!, source));
}

/** Puts the representations of an input into the order of the batch. */
export function inBatchOrder(matrix: Tensor2D, { order }: ChunkSource): Tensor2D {
  return order ? restoreOrder(matrix, order) : matrix;
}

/** Encodes the kept chunks on the tape that is being recorded. */
export function encodeKept(place: Place, source: ChunkSource, context: Context): Tensor2D[] {
  const length = Math.min(place.keep, source.size!.chunks);
  return readFrom(
    source,
    (cursor) => Array.from({ length }, () => tf.tidy(() => encodeChunk(place, cursor.next()!, context))),
  );
}

/** Takes what {@linkcode represent} would encode from representations of the whole input, as a tensor of its own. */
export function takeRepresented({ keep }: Place, source: ChunkSource, matrix: Tensor2D): Tensor2D | undefined {
  const { examples, chunks } = measure(source);
  if (keep >= chunks) return undefined;
  const first = rowsOf(keep, source);
  return tf.tidy(() => {
    if (!source.order) return first === 0 ? tf.clone(matrix) : tf.slice(matrix, [first], [examples - first]);
    return tf.gather(matrix, tf.tensor1d(source.order.subarray(first), "int32"));
  });
}

/** Examples in the first chunks of an input. */
function rowsOf(chunks: number, source: ChunkSource): number {
  let rows = 0;
  readFrom(source, (cursor) => {
    for (let i = 0; i < chunks; i++) rows += tf.tidy(() => cursor.next()!.count);
  });
  return rows;
}

/**
 * Checks representations that are given to a step.
 *
 * @throws {TypeError} If there is not one for each input, or one is no matrix.
 * @throws {RangeError} If one has another number of rows than its input has examples.
 */
export function checkRepresented(
  represented: readonly Tensor2D[],
  places: readonly Place[],
  sources: readonly ChunkSource[],
): void {
  if (!Array.isArray(represented) || represented.length !== places.length) {
    throw new TypeError(
      `Cannot take a step: represented is ${
        Array.isArray(represented) ? `a list of ${represented.length}` : typeof represented
      }, expected a list of ${places.length} matrices, as represent() of the same inputs gives`,
    );
  }
  represented.forEach((matrix: unknown, i) => {
    const { name } = places[i]!;
    if (!(matrix instanceof tf.Tensor) || matrix.rank !== 2 || matrix.dtype !== "float32") {
      const got = matrix instanceof tf.Tensor ? `${matrix.dtype} of shape [${matrix.shape}]` : typeof matrix;
      throw new TypeError(`Cannot take a step: represented[${i}] is ${got}, expected a float32 matrix for ${name}`);
    }
    const { examples } = measure(sources[i]!);
    if (matrix.shape[0] !== examples) {
      throw new RangeError(
        `Cannot take a step: represented[${i}] has shape [${matrix.shape}], expected [${examples}, dim], a row for ` +
          `each example of ${name}`,
      );
    }
  });
}
