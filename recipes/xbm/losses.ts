/**
 * The losses that the recipe compares.
 *
 * @module
 */
import type { RowLoss } from "../../core/mod.ts";
import { contrastive, multiSimilarity, triplet } from "../../losses/mod.ts";
import type { Config } from "./config.ts";

/** The losses by name. */
export const lossNames = ["contrastive", "triplet", "multiSimilarity"] as const;
/** The name of a loss. */
export type LossName = (typeof lossNames)[number];

/** How tables and figures call them. */
export const lossTitles: Readonly<Record<LossName, string>> = {
  contrastive: "contrastive",
  triplet: "triplet",
  multiSimilarity: "multi-similarity",
};

/** Makes a loss, by cosine as in the paper. */
export function lossOf(name: LossName, { contrastiveMargin, tripletMargin }: Config): RowLoss {
  switch (name) {
    case "contrastive":
      return contrastive({ measure: "cosine", negativeMargin: contrastiveMargin });
    case "triplet":
      return triplet({ measure: "cosine", margin: tripletMargin });
    case "multiSimilarity":
      return multiSimilarity();
  }
}
