/**
 * What planned steps promise, and whether they keep it.
 *
 * @module
 */
import type { Point } from "./point.ts";
import { describe } from "./points.ts";

/** A claim, and whether it holds. */
export interface Claim {
  readonly claim: string;
  readonly holds: boolean;
  /** Whether a sweep fails where it does not hold: bytes are the same on each run, times are not. */
  readonly required: boolean;
}

/** The most time that a planned step may take, relative to the full batch, for a part of its memory. */
export const TIME_CLAIMS: readonly { readonly share: number; readonly most: number }[] = [
  { share: 0.1, most: 1.35 },
  { share: 0.5, most: 1.2 },
  { share: 1, most: 1.02 },
];

/** Checks that no planned step takes more bytes than its budget: one claim for each encoder. */
export function checkBudgets(points: readonly Point[]): Claim[] {
  const planned = points.filter(({ memory }) => memory !== undefined);
  return [...Map.groupBy(planned, ({ encoder }) => encoder)].map(([encoder, own]) => {
    const broken = own.filter(({ peakBytes, memory }) => peakBytes > memory!);
    const closest = own.reduce((a, b) => used(b) > used(a) ? b : a);
    const cases = broken.map((point) =>
      `${describe(point)} takes ${percent(used(point))} in ${
        point.firstPeakBytes === point.peakBytes ? "its first" : "a later"
      } step`
    ).join("; ");
    return {
      claim: `${encoder}, planned: peak tensor bytes are within the budget at ${own.length - broken.length} of ` +
        `${own.length} points, at most ${percent(used(closest))} of it${cases && `: ${cases}`}`,
      holds: broken.length === 0,
      required: true,
    };
  });
}

/** Checks how much longer planned steps take than the full batch: one claim for each encoder and budget. */
export function checkTimes(points: readonly Point[]): Claim[] {
  const timed = points.filter(({ ratio, share }) => ratio !== undefined && share !== undefined);
  return [...Map.groupBy(timed, ({ encoder }) => encoder)].flatMap(([encoder, own]) =>
    TIME_CLAIMS.flatMap(({ share, most }) => {
      const at = own.filter((point) => point.share === share);
      if (at.length === 0) return [];
      const worst = at.reduce((a, b) => b.ratio! > a.ratio! ? b : a);
      return [{
        claim:
          `${encoder}, planned: with ${Math.round(100 * share)} % of the full batch's memory a step takes at most ` +
          `${worst.ratio!.toFixed(3)} of its time (batch ${worst.batch}), claimed ${most.toFixed(2)}`,
        holds: worst.ratio! <= most,
        required: false,
      }];
    })
  );
}

function used({ peakBytes, memory }: Point): number {
  return peakBytes / memory!;
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}
