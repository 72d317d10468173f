/**
 * Scores as cells of a table, and what the scores of seeds say of two kinds of training.
 *
 * @module
 */
import { deviation, mean, spread } from "../runner/statistics.ts";
import type { ImageScores } from "./evaluate.ts";

/** The names of the scores, as tables have them. */
export const scoreHead = ["R@1", "R@10", "MAP@R"] as const;

/** Each score as its mean over seeds and its standard deviation. */
export function scoreCells(scores: readonly ImageScores[]): string[] {
  return (["recall1", "recall10", "mapAtR"] as const).map((name) => spread(scores.map((score) => score[name])));
}

/** One kind of training against another, seed by seed. */
export interface Comparison {
  /** The mean of what it has more than the other. */
  readonly gain: number;
  /** What it has more with each seed. */
  readonly gains: readonly number[];
  /** The standard deviation of what it has more with each seed. */
  readonly scatter: number;
  /** The spread of seeds: the larger standard deviation of the two. */
  readonly noise: number;
  /** What follows. */
  readonly verdict: Verdict;
}

/** Whether something helps, harms, or does neither by more than twice the scatter of the differences. */
export type Verdict = "helps" | "harms" | "makes no clear difference";

/**
 * Compares values that belong together seed by seed. One seed never makes a clear difference.
 *
 * All trainings of a seed begin with one encoder, so that what it has in common is no noise: the differences count, not
 * how far seeds lie apart.
 */
export function compareSeeds(values: readonly number[], others: readonly number[]): Comparison {
  const gains = values.map((value, i) => value - others[i]!);
  const gain = mean(gains);
  const noise = Math.max(deviation(values), deviation(others));
  const scatter = deviation(gains);
  const clear = gains.length > 1 && Math.abs(gain) > 2 * scatter;
  return { gain, gains, scatter, noise, verdict: clear ? (gain > 0 ? "helps" : "harms") : "makes no clear difference" };
}

/** A difference with its sign, such as `+0.012`. */
export function signed(value: number): string {
  return `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(3)}`;
}
