/**
 * Ways to cut a batch into chunks.
 *
 * @module
 */

/** Examples that are encoded at once. */
export interface ChunkShape {
  /** How many there are. */
  readonly examples: number;
  /** Tokens of the longest; 1 where examples have no length. */
  readonly length: number;
}

/** Counts that divide work about evenly: 1, 2, 3, 4, 6, 8, 12, … up to the work itself. */
export function evenCounts(work: number): number[] {
  const counts: number[] = [];
  for (let power = 1; power < work; power *= 2) {
    counts.push(power);
    if (power > 1 && 1.5 * power < work) counts.push(1.5 * power);
  }
  return [...counts, work];
}

/** Chunks of so many examples, the last of which may be shorter. */
export function chunksOf(examples: number, chunkSize: number): ChunkShape[] {
  return Array.from({ length: Math.ceil(examples / chunkSize) }, (_, i) => ({
    examples: Math.min(chunkSize, examples - i * chunkSize),
    length: 1,
  }));
}

/**
 * Chunks of at most so many padded tokens: examples times the longest one's length. A longer example is a chunk of its own.
 *
 * @param lengths Ascending.
 */
export function tokenChunks(lengths: ArrayLike<number>, tokens: number): ChunkShape[] {
  const chunks: ChunkShape[] = [];
  let first = 0;
  for (let end = 1; end <= lengths.length; end++) {
    const full = end < lengths.length && (end - first + 1) * lengths[end]! > tokens;
    if (!full && end < lengths.length) continue;
    chunks.push({ examples: end - first, length: lengths[end - 1]! });
    first = end;
  }
  return chunks;
}
