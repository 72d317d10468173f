/**
 * Batches read chunk by chunk, as often as a step needs.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { isReady, type StepInput } from "./step.ts";
import { countExamples, sliceExamples } from "./tree.ts";
import type { Batch } from "./types.ts";

/** Examples of a batch that are encoded at once. */
export interface Chunk {
  /** The number of the chunk, or of the first of several. */
  readonly index: number;
  /** How many examples come before it. */
  readonly first: number;
  /** How many examples it has. */
  readonly count: number;
  /** The row of each example in the whole batch; they are consecutive if left out. */
  readonly rows?: Int32Array;
  /** The examples, owned by the scope that they were read in. */
  readonly batch: Batch;
}

/** Reads the chunks of one input in order, starting anew each time it is opened. */
export interface ChunkCursor {
  /**
   * The next chunk, or undefined behind the last. Several chunks of a batch that stands whole may be read as one, fewer at
   * its end.
   */
  next(chunks?: number): Chunk | undefined;
  /** Passes over chunks. */
  skip(chunks: number): void;
  /** Ends the reading, also before the last chunk, so that an iterator can let go of what it holds. */
  close(): void;
}

/** How large an input is. */
export interface SourceSize {
  readonly examples: number;
  readonly chunks: number;
  /** Examples in the largest chunk. */
  readonly chunkSize: number;
}

/** One input of a step. */
export interface ChunkSource {
  /** How messages name the input. */
  readonly name: string;
  /** Examples, chunks, and examples of the largest chunk; known once all of it has been read. */
  readonly size: SourceSize | undefined;
  /** The rows of the whole batch in the order in which chunks bring them; their own order if left out. */
  readonly order?: Int32Array;
  /** Starts at the first chunk. */
  open(): ChunkCursor;
}

/**
 * Reads an input in chunks.
 *
 * @throws {RangeError} If the input is empty or its tensors differ in length.
 */
export function chunkSource(input: StepInput, chunkSize: number, name: string): ChunkSource {
  return isReady(input) ? readySource(input.chunks, name) : wholeSource(input, chunkSize, name);
}

/** Opens a source for a function, and closes it however the function ends. */
export function readFrom<T>(source: ChunkSource, read: (cursor: ChunkCursor) => T): T {
  const cursor = source.open();
  try {
    return read(cursor);
  } finally {
    cursor.close();
  }
}

/** Reads a source to its end without keeping anything, so that its size is known. */
export function measure(source: ChunkSource): SourceSize {
  if (!source.size) {
    readFrom(source, (cursor) => {
      while (tf.tidy(() => cursor.next() !== undefined));
    });
  }
  return source.size!;
}

function wholeSource(batch: Batch, largest: number, name: string): ChunkSource {
  const examples = countExamples(batch, name);
  const chunkSize = Math.min(largest, examples);
  return {
    name,
    size: { examples, chunks: Math.ceil(examples / chunkSize), chunkSize },
    open() {
      let index = 0;
      return {
        next(chunks = 1) {
          const first = index * chunkSize;
          if (first >= examples) return undefined;
          const count = Math.min(chunks * chunkSize, examples - first);
          index += chunks;
          return {
            index: index - chunks,
            first,
            count,
            batch: count === examples ? batch : sliceExamples(batch, first, count),
          };
        },
        skip(chunks) {
          index += chunks;
        },
        close: () => {},
      };
    },
  };
}

function readySource(chunks: Iterable<Batch>, name: string): ChunkSource {
  let counts: readonly number[] | undefined;
  let examples = 0;
  return {
    name,
    get size() {
      return counts && { examples, chunks: counts.length, chunkSize: Math.max(...counts) };
    },
    open() {
      const iterator = chunks[Symbol.iterator]();
      const seen: number[] = [];
      let first = 0;
      const next = () => {
        const { done, value } = iterator.next();
        if (done) {
          if (seen.length === 0 && !counts) {
            throw new RangeError(`Cannot use ${name}: it has no chunks, expected at least one`);
          }
          if (counts && seen.length !== counts.length) {
            throw changed(name, seen.length, counts);
          }
          counts ??= seen;
          examples = first;
          return undefined;
        }
        const count = countExamples(value, `chunk ${seen.length} of ${name}`);
        if (counts && counts[seen.length] !== count) {
          throw changed(name, seen.length + 1, counts);
        }
        const chunk = { index: seen.length, first, count, batch: value };
        seen.push(count);
        first += count;
        return chunk;
      };
      return {
        next,
        close: () => void iterator.return?.(),
        skip(amount) {
          for (
            let i = 0;
            i < amount && tf.tidy(() => next() !== undefined);
            i++
          );
        },
      };
    },
  };
}

function changed(name: string, chunks: number, counts: readonly number[]): RangeError {
  return new RangeError(
    `Cannot read ${name} again: it came in ${counts.length} chunks of ${counts.join(", ")} examples and differs at ` +
      `chunk ${chunks} now; expected an iterable that gives the same chunks each time, not a generator`,
  );
}
