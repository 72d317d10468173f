/**
 * Batches cut by the length of their examples.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { canReadSync } from "./backend.ts";
import { tokenChunks } from "./_chunking.ts";
import type { Chunk, ChunkCursor, ChunkSource } from "./_chunks.ts";
import { withGradient } from "./ops/custom_gradient.ts";
import { countExamples, mapTree } from "./tree.ts";
import type { Batch, Sequences, Tensor2D } from "./types.ts";

/** The examples of a batch, the shortest first. */
export interface Sorted {
  /** Their rows in the batch. */
  readonly order: Int32Array;
  /** Their lengths, at least 1 each. */
  readonly lengths: Int32Array;
}

/**
 * Sorts examples by length; those of the same length stay in order.
 *
 * @throws {TypeError} If the engine cannot be read from at once.
 * @throws {RangeError} If there are not as many lengths as examples, or one is no length.
 */
export function sortByLength(batch: Batch, sequences: Sequences, name: string): Sorted {
  if (!canReadSync()) {
    throw new TypeError(
      `Cannot cut ${name} by tokens: ${tf.getBackend()} cannot be read from at once, expected chunkSize`,
    );
  }
  const examples = countExamples(batch, name);
  const given = sequences.lengths(batch);
  if (given.length !== examples) {
    throw new RangeError(`Cannot cut ${name} by tokens: it has ${given.length} lengths, expected ${examples}`);
  }
  const lengths = Int32Array.from(given, (length, row) => {
    if (Number.isInteger(length) && length >= 0) return Math.max(1, length);
    throw new RangeError(
      `Cannot cut ${name} by tokens: example ${row} has length ${length}, expected an integer from 0`,
    );
  });
  const order = Int32Array.from(lengths.keys()).sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  return { order, lengths: order.map((row) => lengths[row]!) };
}

/** Reads a batch in chunks of so many padded tokens, each cropped to its longest example. */
export function tokenSource(batch: Batch, sequences: Sequences, tokens: number, name: string): ChunkSource {
  const { order, lengths } = sortByLength(batch, sequences, name);
  const shapes = tokenChunks(lengths, tokens);
  const size = {
    examples: order.length,
    chunks: shapes.length,
    chunkSize: shapes.reduce((most, { examples }) => Math.max(most, examples), 0),
  };
  // A batch in one chunk stays as it is.
  const whole = shapes.length === 1;
  const firsts = [0];
  for (const { examples } of shapes) firsts.push(firsts.at(-1)! + examples);
  const read = (index: number, end: number): Chunk => {
    const [first, count] = [firsts[index]!, firsts[end]! - firsts[index]!];
    const { length } = shapes[end - 1]!;
    if (whole) return { index, first, count, batch: untapedTree(() => sequences.crop(batch, length)) };
    const rows = order.subarray(first, first + count);
    return { index, first, count, rows, batch: pick(batch, sequences, rows, length) };
  };
  const open = (): ChunkCursor => {
    let index = 0;
    return {
      next(chunks = 1) {
        if (index >= shapes.length) return undefined;
        const first = index;
        index = Math.min(index + chunks, shapes.length);
        return read(first, index);
      },
      skip: (count) => void (index += count),
      close: () => {},
    };
  };
  return { name, size, ...(whole ? {} : { order }), open };
}

/** Some examples without the places beyond a length. */
export function pick(batch: Batch, sequences: Sequences, rows: Int32Array, length: number): Batch {
  return untapedTree(() => {
    const at = tf.tensor1d(rows, "int32");
    const picked = mapTree(batch, (leaf) => tf.gather(leaf, at));
    return sequences.crop(picked, length);
  });
}

/** Puts rows that came in some order back into that of the batch, and their gradient into the order that they came in. */
export function restoreOrder(matrix: Tensor2D, order: Int32Array): Tensor2D {
  const places = new Int32Array(order.length);
  order.forEach((row, place) => places[row] = place);
  return withGradient([matrix], () => ({
    value: tf.gather(matrix, tf.tensor1d(places, "int32")),
    pullBack: (cotangent) => [tf.gather(cotangent, tf.tensor1d(order, "int32"))],
  })) as Tensor2D;
}

/**
 * Makes a batch without recording it, since a tape would hold on to what it is made of. `untaped` does this for a single
 * tensor.
 */
function untapedTree(make: () => Batch): Batch {
  const { state } = tf.engine() as unknown as { state: { gradientDepth: number } };
  const { gradientDepth } = state;
  state.gradientDepth = 0;
  try {
    return make();
  } finally {
    state.gradientDepth = gradientDepth;
  }
}
