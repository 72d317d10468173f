/**
 * The kinds of weights that a config may name, with their options.
 *
 * @module
 */
import { z } from "zod";
import { type PairWeights, pairWeights, type PairWeightsName } from "../../losses/mod.ts";

/** Options by name, as numbers. */
export type WeightOptions = Readonly<Record<string, number>>;

/** A kind of weight that is given by options. */
export interface WeightKind {
  /** Names, limits and meanings of the options; each may be left out. */
  readonly options: z.ZodObject;
  /** The option that a number in place of options stands for. */
  readonly short?: string;
  /** Whether a pair's weight depends on the anchor's other pairs too. */
  readonly dependsOnOthers?: boolean;
  /** Makes the weights of both sides. */
  readonly make: (options: WeightOptions) => PairWeights;
}

const similarity = z.number().min(-1).max(1);
const factor = z.number().positive();

/** A kind as the losses have it. */
function kind(name: PairWeightsName, options: z.ZodRawShape, more: Partial<WeightKind> = {}): WeightKind {
  return { options: z.strictObject(options).partial(), make: (given) => pairWeights[name](given), ...more };
}

/**
 * A curve from a threshold on, which weighs hard pairs: positives below it and negatives above. Either side may be named
 * instead, so that there are also positives that weigh the more the nearer they are.
 */
function curve(name: PairWeightsName, further: z.ZodRawShape = {}): WeightKind {
  const options = {
    threshold: similarity.describe("where it begins: positives weigh below, negatives above"),
    above: similarity.describe("where it begins, for pairs that are more similar"),
    below: similarity.describe("where it begins, for pairs that are less similar"),
    ...further,
  };
  return kind(name, options, {
    short: "threshold",
    make: ({ threshold, above, below, ...rest }) => {
      const begin = above ?? below ?? threshold;
      const { positive, negative } = pairWeights[name]({ ...rest, ...(begin !== undefined && { threshold: begin }) });
      // What weighs hard negatives weighs whatever is more similar, and what weighs hard positives the rest.
      if (above !== undefined) return { positive: negative, negative };
      return { positive, negative: below === undefined ? negative : positive };
    },
  });
}

/** Options of which a weight has at most one. */
export const PLACES = ["threshold", "above", "below"] as const;

const sigmoids = {
  alpha: factor.describe("how steep the weight of positives is"),
  beta: factor.describe("how steep the weight of negatives is"),
  base: similarity.describe("the similarity that the exponents are measured from, λ"),
};

/** The kinds by name: curves over a pair's similarity, then those of losses. */
export const weightKinds: Readonly<Record<PairWeightsName, WeightKind>> = {
  constant: kind("constant", { weight: z.number().min(0).describe("the weight of every pair") }, { short: "weight" }),
  step: curve("step"),
  linear: curve("linear", { power: factor.describe("the power that the distance from where it begins is raised to") }),
  exponential: curve("exponential", { rate: factor.describe("how fast the weight grows") }),
  contrastive: kind("contrastive", {
    positiveMargin: similarity.describe("where positives are close enough"),
    negativeMargin: similarity.describe("where negatives are far enough"),
  }),
  binomialDeviance: kind("binomialDeviance", sigmoids),
  multiSimilarity: kind("multiSimilarity", sigmoids, { dependsOnOthers: true }),
  infoNCE: kind("infoNCE", { temperature: factor.describe("what similarities are divided by") }, {
    short: "temperature",
    dependsOnOthers: true,
  }),
  triplet: kind("triplet", {
    margin: z.number().min(0).max(2).describe("how much nearer than a negative a positive should be"),
  }, { short: "margin", dependsOnOthers: true }),
};

/** What any kind may be multiplied by, beside its own options. */
export const scaleOption = { scale: factor.optional().describe("what the weight is multiplied by, 1 if left out") };
