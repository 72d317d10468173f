/**
 * Learning rate schedules: how the rate depends on the number of updates made so far.
 *
 * @module
 */

/** Maps the number of updates made so far, 0 before the first, to the learning rate of the next. */
export type Schedule = (step: number) => number;

/** Options of {@linkcode linearDecay} and {@linkcode cosineDecay}. */
export interface DecayOptions {
  /** The highest rate, reached at the end of the warm-up. */
  readonly peak: number;
  /** Updates over which the rate rises linearly; 0 for none. */
  readonly warmup: number;
  /** Updates in all, the warm-up included; from then on the rate is `floor`. */
  readonly total: number;
  /** The lowest rate after the peak. 0 if left out. */
  readonly floor?: number;
}

/**
 * The same rate at every step.
 *
 * @throws {RangeError} If the rate is negative or not finite.
 *
 * @example
 * ```ts
 * import { constantRate } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(constantRate(0.1)(1000), 0.1);
 * ```
 */
export function constantRate(rate: number): Schedule {
  checkRate("rate", rate);
  return () => rate;
}

/**
 * A linear warm-up, then a linear decay.
 *
 * With w = warmup and T = total the rate of step t is peak · (t + 1) / w for t < w, so that no update is spent on a
 * rate of 0, then floor + (peak - floor) · (T - t) / (T - w) for t < T, then floor.
 *
 * @throws {RangeError} If a rate is negative, the floor lies above the peak, or the warm-up is longer than the whole.
 *
 * @example
 * ```ts
 * import { linearDecay } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * const rate = linearDecay({ peak: 1, warmup: 2, total: 6 });
 * assertEquals([0, 1, 2, 3, 4, 5, 6].map(rate), [0.5, 1, 1, 0.75, 0.5, 0.25, 0]);
 * ```
 */
export function linearDecay(options: DecayOptions): Schedule {
  return warmThenDecay(options, (progress) => 1 - progress);
}

/**
 * A linear warm-up, then half a period of a cosine.
 *
 * As {@linkcode linearDecay}, but the decay is floor + (peak - floor) · (1 + cos(π · (t - w) / (T - w))) / 2.
 *
 * Loshchilov and Hutter, "SGDR: Stochastic gradient descent with warm restarts", 2017 (without the restarts).
 *
 * @throws {RangeError} If a rate is negative, the floor lies above the peak, or the warm-up is longer than the whole.
 *
 * @example
 * ```ts
 * import { cosineDecay } from "@gradfold/gradfold/core";
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 *
 * const rate = cosineDecay({ peak: 1, warmup: 100, total: 1100, floor: 0.1 });
 * assertEquals(rate(99), 1);
 * assertAlmostEquals(rate(600), 0.55);
 * assertEquals(rate(1100), 0.1);
 * ```
 */
export function cosineDecay(options: DecayOptions): Schedule {
  return warmThenDecay(options, (progress) => (1 + Math.cos(Math.PI * progress)) / 2);
}

function warmThenDecay(options: DecayOptions, decay: (progress: number) => number): Schedule {
  const { peak, warmup, total, floor = 0 } = options;
  checkRate("peak", peak);
  checkRate("floor", floor);
  if (floor > peak) {
    throw new RangeError(`Cannot make a schedule: floor is ${floor}, expected at most the peak of ${peak}`);
  }
  checkSteps("total", total, 1);
  checkSteps("warmup", warmup, 0);
  if (warmup > total) {
    throw new RangeError(`Cannot make a schedule: warmup is ${warmup}, expected at most the total of ${total}`);
  }
  return (step) => {
    checkSteps("step", step, 0);
    if (step < warmup) return peak * ((step + 1) / warmup);
    if (step >= total) return floor;
    return floor + (peak - floor) * decay((step - warmup) / (total - warmup));
  };
}

function checkRate(name: string, rate: number): void {
  if (!Number.isFinite(rate) || rate < 0) {
    throw new RangeError(`Cannot make a schedule: ${name} is ${rate}, expected a finite number of at least 0`);
  }
}

function checkSteps(name: string, steps: number, least: number): void {
  if (!Number.isSafeInteger(steps) || steps < least) {
    throw new RangeError(`Cannot make a schedule: ${name} is ${steps}, expected an integer of at least ${least}`);
  }
}
