/**
 * Draws weights over similarities.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type Block, key, type Tensor2D } from "../../core/mod.ts";
import type { PairWeights } from "../../losses/mod.ts";
import type { VegaLiteSpec } from "../runner/figures.ts";
import { lineChart } from "../runner/line_chart.ts";
import { dependsOnOthers, weightingOf, type WeightingSpec } from "./weights.ts";

/** The similarities of an anchor's pairs. The pair that is drawn takes the place of the first of its kind. */
export interface Company {
  /** Similarities of its positives. */
  readonly positives: readonly number[];
  /** Similarities of its negatives. */
  readonly negatives: readonly number[];
}

/** One positive, so that InfoNCE never pushes it away, and negatives as an anchor may have them. */
export const COMPANY: Company = { positives: [0.7], negatives: [0.5, 0.4, 0.3, 0.2, 0.1, 0] };

/** Points of a curve, so many that a step looks like one. */
const POINTS = 281;

/** Which pairs a curve is about. */
export type Side = "positive" | "negative";

/**
 * The weights of pairs at given similarities, each the pair of another anchor, beside the same company.
 *
 * @throws {RangeError} If the company has no positive or no negative.
 */
export async function weightCurve(
  weights: PairWeights,
  side: Side,
  similarities: readonly number[],
  company: Company = COMPANY,
): Promise<number[]> {
  const { positives, negatives } = company;
  if (positives.length === 0 || negatives.length === 0) {
    const counts = `${positives.length} positives and ${negatives.length} negatives`;
    throw new RangeError(`Cannot draw weights beside ${counts}, expected at least one of each`);
  }
  const place = side === "positive" ? 0 : positives.length;
  const curve = tf.tidy(() => {
    const all = similarities.map((similarity) => [...positives, ...negatives].with(place, similarity));
    const isPositive = [...positives.map(() => true), ...negatives.map(() => false)];
    const mask = (of: readonly boolean[]) => tf.tensor2d(all.map(() => [...of]), undefined, "bool");
    const block: Block = {
      first: 0,
      rows: all.length,
      similarity: tf.tensor2d(all),
      positive: mask(isPositive),
      negative: mask(isPositive.map((is) => !is)),
      // Weights go by similarities; there are no rows behind these.
      anchors: tf.zeros([all.length, 1]) as Tensor2D,
      references: tf.zeros([isPositive.length, 1]) as Tensor2D,
      further: [],
      shared: [],
      key: key(0),
    };
    return tf.squeeze(tf.slice(weights[side](block.similarity, block), [0, place], [-1, 1]), [1]);
  });
  try {
    return [...await curve.data()];
  } finally {
    curve.dispose();
  }
}

/** Options of {@linkcode weightCurvesFigure}. */
export interface WeightCurvesOptions {
  /** The least similarity that is drawn. -0.4 if left out; what is below is rare. */
  readonly from?: number;
  /** Whether each curve is divided by its largest weight, as it is if left out: weights of losses differ a hundredfold. */
  readonly relative?: boolean;
  /** What stands beside the pair that is drawn, for weights that depend on it. {@linkcode COMPANY} if left out. */
  readonly company?: Company;
}

/** The weights of all weightings over the similarity of the pair: positives to the left, negatives to the right. */
export async function weightCurvesFigure(
  weightings: Readonly<Record<string, WeightingSpec>>,
  options: WeightCurvesOptions = {},
): Promise<VegaLiteSpec> {
  const { from = -0.4, relative = true, company = COMPANY } = options;
  const similarities = Array.from({ length: POINTS }, (_, i) => from + (1 - from) * i / (POINTS - 1));
  const panel = async (side: Side, title: string) => {
    const series = Object.entries(weightings).map(async ([name, spec], i) => {
      const weights = await weightCurve(weightingOf(spec), side, similarities, company);
      const unit = relative ? Math.max(...weights.map(Math.abs)) || 1 : 1;
      const points = similarities.map((x, i) => ({ x, y: weights[i]! / unit }));
      // Every second one, as many curves cover each other.
      return { name, points, dashed: i % 2 === 1 };
    });
    return lineChart({
      title,
      x: "similarity",
      y: relative ? "weight / largest weight" : "weight",
      series: await Promise.all(series),
      size: { width: 320, height: 240 },
    });
  };
  const dependent = Object.keys(weightings).filter((name) => dependsOnOthers(weightings[name]!));
  const { positives, negatives } = company;
  const text = "Weights of pairs";
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    title: dependent.length === 0 ? text : {
      text,
      subtitle: `${dependent.join(", ")}: in place of the first among positives at ${positives.join(", ")} and ` +
        `negatives at ${negatives.join(", ")}`,
    },
    hconcat: [await panel("positive", "Positives"), await panel("negative", "Negatives")],
  } as VegaLiteSpec;
}
