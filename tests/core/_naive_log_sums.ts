/**
 * Logarithms of sums over pairs by loops.
 *
 * @module
 */
import type { TiledOptions } from "../../core/mod.ts";
import type { LogSums } from "../../core/row_loss.ts";
import { multiSimilarity } from "../../losses/multi_similarity.ts";
import { back, evaluatePairs, type Found, type PairCase, unit } from "./_naive_hinges.ts";

/** Evaluates the loss pair by pair in double precision. */
export function naiveLogSums(logSums: LogSums, { anchors, references = anchors, appended, constant }: PairCase): Found {
  const own = anchors.rows.map(unit);
  const pulls = [anchors, references].map(({ rows }) => rows.map((row) => row.map(() => 0)));
  // A row that stands on both sides is moved by both.
  if (references === anchors) pulls[1] = pulls[0]!;
  let value = 0;
  for (const [i, a] of own.entries()) {
    for (const [slope, positive] of [[logSums.positiveSlope, true], [logSums.negativeSlope, false]] as const) {
      const terms = [references, ...appended ? [appended] : []].flatMap((group, further) =>
        group.rows.flatMap((row, j) => {
          if (anchors.ids && group.ids && anchors.ids[i] === group.ids[j]) return [];
          if ((anchors.labels[i] === group.labels[j]) !== positive) return [];
          const b = unit(row);
          const cosine = a.reduce((sum, x, k) => sum + x * b[k]!, 0);
          return [{ j, b, further: further > 0, exponent: slope * (cosine - logSums.base) }];
        })
      );
      const most = terms.reduce((most, { exponent }) => Math.max(most, exponent), 0);
      const sum = terms.reduce((sum, { exponent }) => sum + Math.exp(exponent - most), Math.exp(-most));
      const others = terms.reduce((sum, { exponent }) => sum + Math.exp(exponent - most), 0);
      value += (most > 0 ? most + Math.log(sum) : Math.log1p(others)) / Math.abs(slope) / own.length;
      for (const { j, b, further, exponent } of terms) {
        const share = Math.sign(slope) * Math.exp(exponent - most) / sum / own.length;
        b.forEach((x, k) => pulls[0]![i]![k]! += share * x);
        if (!further && !constant) a.forEach((x, k) => pulls[1]![j]![k]! += share * x);
      }
    }
  }
  const gradients = [anchors, references].map(({ rows }, side) =>
    rows.flatMap((row, i) => back(row, pulls[side]![i]!))
  );
  return { value, gradients: references === anchors || constant ? [gradients[0]!] : gradients };
}

/** Evaluates the multi-similarity loss, see {@linkcode evaluatePairs}. */
export function evaluateLogSums(
  { positiveSlope, negativeSlope, base }: LogSums,
  given: PairCase,
  options: TiledOptions = {},
): Found {
  return evaluatePairs(multiSimilarity({ alpha: -positiveSlope, beta: negativeSlope, base }), given, options);
}
