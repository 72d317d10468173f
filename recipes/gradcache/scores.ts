/**
 * The scores that the recipe reports.
 *
 * @module
 */

/** Retrieval scores, each from 0 to 1. */
export type Scores = {
  readonly recall1: number;
  readonly recall10: number;
  readonly recall100: number;
  /** Mean reciprocal rank. */
  readonly mrr: number;
};

/** The scores of ranks that count from 1. */
export function scoresOfRanks(ranks: ArrayLike<number>): Scores {
  const share = (k: number) => Array.from(ranks).filter((rank) => rank <= k).length / ranks.length;
  const mrr = Array.from(ranks).reduce((sum, rank) => sum + 1 / rank, 0) / ranks.length;
  return { recall1: share(1), recall10: share(10), recall100: share(100), mrr };
}
