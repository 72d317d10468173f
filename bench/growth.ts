/**
 * Whether memory grows with the batch as it should.
 *
 * @module
 */
import { DIM } from "./cases.ts";
import type { Claim } from "./claims.ts";
import type { Point } from "./point.ts";
import { curveOf } from "./points.ts";

/**
 * At most so many matrices [N, d] stand at a time in a step with two inputs: their representations, those scaled to
 * length 1, what the loss makes of them, and gradients of each. Rows of one number, [N, 1], count among them.
 */
export const REPRESENTATIONS = 12;

/** InfoNCE compares in tiles of at most so many bytes, or whole: products and their exponentials, two matrices [N, N]. */
export const TILE_BYTES = 32e6;

/** Checks each curve that has points enough. */
export function checkGrowth(points: readonly Point[]): Claim[] {
  const curves = Map.groupBy(
    points.toSorted((a, b) => a.batch - b.batch),
    (point) => `${point.encoder}, ${curveOf(point)}`,
  );
  return [...curves].flatMap(([name, curve]) => {
    const { method, chunk } = curve[0]!;
    // A batch that is smaller than a chunk makes a smaller chunk.
    const cut = curve.filter(({ batch }) => method === "cached" && batch >= chunk!);
    if (cut.length > 1) return [flat(name, cut)];
    return method === "full" && curve.length > 2 ? [linear(name, curve)] : [];
  });
}

/** Peak bytes grow by no more than what couples the examples. */
function flat(name: string, curve: readonly Point[]): Claim {
  const [first, last] = [curve[0]!, curve.at(-1)!];
  const coupling = ({ batch }: Point) => 4 * REPRESENTATIONS * batch * DIM + Math.min(8 * batch ** 2, TILE_BYTES);
  const grown = last.peakBytes - first.peakBytes;
  const allowed = coupling(last) - coupling(first);
  return {
    claim: `${name}: from batch ${first.batch} to ${last.batch} peak tensor bytes grow by ${megabytes(grown)}, ` +
      `at most the ${megabytes(allowed)} of ${REPRESENTATIONS} matrices [N, ${DIM}] and a tile`,
    required: true,
    holds: grown <= allowed,
  };
}

/** Each further example takes as many bytes as any other. */
function linear(name: string, curve: readonly Point[]): Claim {
  const slopes = curve.slice(1).map((point, i) =>
    (point.peakBytes - curve[i]!.peakBytes) / (point.batch - curve[i]!.batch)
  );
  const [least, most] = [Math.min(...slopes), Math.max(...slopes)];
  return {
    claim: `${name}: peak tensor bytes grow linearly, by ${megabytes(least)} to ${megabytes(most)} for each example, ` +
      `within 20 % of each other`,
    required: true,
    holds: most <= 1.2 * least,
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e8 ? 2 : 0)} MB`;
}
