/**
 * The losses that the bench measures, and what is known of others.
 *
 * @module
 */
import { type Loss, sameLabel, tiled, type TiledOptions, views } from "../core/mod.ts";
import * as losses from "../losses/mod.ts";
import { batchHardMiner } from "../samplers/mod.ts";

/** A loss, and how many matrices of how many rows it takes. */
export interface LossCase {
  readonly make: (options: TiledOptions) => Loss;
  /** Matrices that the rows are dealt to. */
  readonly matrices: 1 | 2;
  /** Whether every matrix has all rows, as anchors and references do. */
  readonly paired?: boolean;
  /** What others keep for the backward pass at the same number of rows and width. */
  readonly others: string;
}

/** The losses by name. */
export const lossCases = {
  infoNCE: {
    make: (options) => tiled(losses.infoNCE(), options),
    matrices: 2,
    paired: true,
    others: "GradCache 258 MB",
  },
  supCon: {
    make: (options) => tiled(losses.supCon(), options),
    matrices: 1,
    others: "pytorch-metric-learning 2,406 MB (64 x 37.6 at 1,024 rows)",
  },
  multiSimilarity: {
    make: (options) => tiled(losses.multiSimilarity(), options),
    matrices: 1,
    others: "pytorch-metric-learning 2,662 MB (64 x 41.6 at 1,024 rows)",
  },
  circle: {
    make: (options) => tiled(losses.circle(), options),
    matrices: 1,
    others: "pytorch-metric-learning 4,198 MB (64 x 65.6 at 1,024 rows)",
  },
  contrastive: {
    make: (options) => tiled(losses.contrastive(), options),
    matrices: 1,
    others: "pytorch-metric-learning 6,496 MB (64 x 101.5 at 1,024 rows)",
  },
  batchHardTriplet: {
    make: (options) => tiled(losses.triplet(), { ...options, miner: batchHardMiner() }),
    matrices: 1,
    others: "pytorch-metric-learning, all triplets: 137 MB at 256 rows, cubic",
  },
  sigLip: {
    make: (options) => tiled(losses.sigLip(), options),
    matrices: 2,
    paired: true,
    others: "open_clip 770 MB, in chunks 258 MB",
  },
  ntXent: {
    make: (options) => tiled(losses.ntXent({ pairing: views() }), options),
    matrices: 2,
    others: "pytorch-metric-learning 486 MB at 384 rows, cubic",
  },
  ntXentByLabel: {
    make: (options) => tiled(losses.ntXent({ pairing: sameLabel() }), options),
    matrices: 1,
    others: "pytorch-metric-learning, cubic",
  },
  triplet: {
    make: (options) => tiled(losses.triplet(), options),
    matrices: 1,
    others: "pytorch-metric-learning, all triplets: 137 MB at 256 rows, cubic",
  },
} as const satisfies { readonly [name: string]: LossCase };

/** A name of a loss that can be measured. */
export type LossName = keyof typeof lossCases;

/** Their names. */
export const lossNames = Object.keys(lossCases) as LossName[];
