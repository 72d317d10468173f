/**
 * What encoding some examples at once takes, measured at a few sizes and read off in between.
 *
 * @module
 */

/** Bytes and time of encoding examples at once. Bytes are those above what was held before. */
export interface EncodingCost {
  /** Peak without a tape, the representations included. */
  readonly inferenceBytes: number;
  /** Milliseconds without a tape. */
  readonly inferenceMs: number;
  /** What is held after encoding on a tape: tape and representations. */
  readonly tapeBytes: number;
  /** Peak until then. */
  readonly forwardBytes: number;
  /** Peak of pulling cotangents back, which count, from what is held then to gradients of the parameters. */
  readonly backwardBytes: number;
  /** Peak of both and of adding the gradients to a sum, above that sum. */
  readonly replayBytes: number;
  /** Milliseconds of both. */
  readonly trainingMs: number;
  /** What it takes to remember the outputs that are dear for their size. */
  readonly rememberedBytes: number;
  /** Milliseconds that a replay then saves. */
  readonly rememberedMs: number;
}

/** A cost, and the number of examples that it is for. */
export interface CostPoint extends EncodingCost {
  readonly examples: number;
}

/** The cost of encoding nothing, or of what is never encoded in this way. */
export const NO_COST: EncodingCost = {
  inferenceBytes: 0,
  inferenceMs: 0,
  tapeBytes: 0,
  forwardBytes: 0,
  backwardBytes: 0,
  replayBytes: 0,
  trainingMs: 0,
  rememberedBytes: 0,
  rememberedMs: 0,
};

const names = Object.keys(NO_COST) as (keyof EncodingCost)[];

/**
 * The cost of a number of examples: between measured ones on a line, beyond the last in proportion to the examples. A
 * peak is the largest of some sums a + b · examples with a ≥ 0, so that it lies below both.
 *
 * @param points What was measured, ascending.
 */
export function costAt(points: readonly CostPoint[], examples: number): EncodingCost {
  const last = points.at(-1)!;
  if (examples > last.examples) return combine((name) => last[name] * examples / last.examples);
  const next = points.findIndex((point) => point.examples >= examples);
  const [low, high] = [points[Math.max(0, next - 1)]!, points[next]!];
  if (high.examples === examples || low === high) return high;
  return mix(low, high, (examples - low.examples) / (high.examples - low.examples));
}

/** The cost `share` of the way from one to the other. */
export function mix(from: EncodingCost, to: EncodingCost, share: number): EncodingCost {
  return combine((name) => from[name] + share * (to[name] - from[name]));
}

/** For each figure the larger one of two costs. */
export function larger(a: EncodingCost, b: EncodingCost): EncodingCost {
  return combine((name) => Math.max(a[name], b[name]));
}

function combine(figure: (name: keyof EncodingCost) => number): EncodingCost {
  return Object.fromEntries(names.map((name) => [name, figure(name)])) as unknown as EncodingCost;
}
