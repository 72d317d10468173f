/**
 * Weights of pairs by name.
 *
 * @module
 */
import {
  binomialDevianceWeights,
  contrastiveWeights,
  infoNCEWeights,
  multiSimilarityWeights,
  tripletWeights,
} from "./loss_weights.ts";
import type { PairWeights } from "./pair_weighting.ts";
import { constantWeights, exponentialWeights, linearWeights, stepWeights } from "./weight_curves.ts";

/** What {@linkcode pairWeights} has: curves over a pair's similarity, and the weights of losses. */
export type PairWeightsName =
  | "constant"
  | "step"
  | "linear"
  | "exponential"
  | "contrastive"
  | "binomialDeviance"
  | "multiSimilarity"
  | "infoNCE"
  | "triplet";

/**
 * Makes weights from options, which are all numbers and may be left out.
 *
 * It throws a TypeError for an option that there is not and a RangeError for a value out of range.
 */
export type PairWeightsFactory = (options?: { readonly [option: string]: number }) => PairWeights;

/**
 * Makers of weights by name, for names and options that come from a file.
 *
 * | name | options | w⁺ | w⁻ |
 * |---|---|---|---|
 * | `constant` | `weight` w | w | w |
 * | `step` | `threshold` t | 1 where s < t | 1 where s > t |
 * | `linear` | `threshold` t, `power` k | max(t - s, 0)ᵏ | max(s - t, 0)ᵏ |
 * | `exponential` | `threshold` t, `rate` k | exp(k (t - s)) | exp(k (s - t)) |
 * | `contrastive` | `positiveMargin` m⁺, `negativeMargin` m⁻ | 1 where s < m⁺ | 1 where s > m⁻ |
 * | `binomialDeviance` | `alpha` α, `beta` β, `base` λ | α / (1 + exp(α (s - λ))) | β / (1 + exp(-β (s - λ))) |
 * | `multiSimilarity` | `alpha` α, `beta` β, `base` λ | exp(-α (s - λ)) / (1 + Σ_P …) | exp(β (s - λ)) / (1 + Σ_N …) |
 * | `infoNCE` | `temperature` τ | (1/|P(a)| - π) / τ, π the softmax of s/τ | π / τ |
 * | `triplet` | `margin` m | number of s_an > s_ap - m | number of s_ap < s_an + m |
 *
 * The two sides may come from different names. Zhang, Wang, Huang and Scott, "Rethinking deep contrastive learning with
 * embedding memory", 2021, compare such weights.
 *
 * @example
 * ```ts
 * import { pairWeighting, pairWeights } from "@gradfold/gradfold/losses";
 * import { assertThrows } from "@std/assert";
 *
 * pairWeighting({
 *   positive: pairWeights.constant().positive,
 *   negative: pairWeights.step({ threshold: 0.5 }).negative,
 * });
 * assertThrows(() => pairWeights.step({ margin: 0.5 }), TypeError, "there is no option margin");
 * ```
 */
export const pairWeights: Readonly<Record<PairWeightsName, PairWeightsFactory>> = {
  constant: constantWeights,
  step: stepWeights,
  linear: linearWeights,
  exponential: exponentialWeights,
  contrastive: contrastiveWeights,
  binomialDeviance: binomialDevianceWeights,
  multiSimilarity: multiSimilarityWeights,
  infoNCE: infoNCEWeights,
  triplet: tripletWeights,
};
