/**
 * Weightings of pairs as a config gives them.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import type { PairWeight, PairWeights, PairWeightsName } from "../../losses/mod.ts";
import { weightingProblems } from "./weights_checks.ts";
import { weightKinds, type WeightOptions } from "./weights_kinds.ts";
import { pointsOf, throughPoints, type WeightTable } from "./weights_points.ts";

/**
 * A weight by the name of its kind, with options if it has any, or through points.
 *
 * `linear`, `{ linear: 0.5 }`, `{ linear: { above: 0.5, power: 2, scale: 4 } }`, `{ table: { 0.3: 0, 0.8: 1 } }`.
 */
export type WeightSpec =
  | PairWeightsName
  | { readonly [kind in PairWeightsName]?: number | WeightOptions }
  | { readonly table: WeightTable };

/** The weights of positives and of negatives, or one kind for both, such as the name of a loss. */
export type WeightingSpec = WeightSpec | SidesSpec;

/** A weight for each kind of pairs. */
export interface SidesSpec {
  /** How strongly positives are pulled. */
  readonly positive: WeightSpec;
  /** How strongly negatives are pushed. */
  readonly negative: WeightSpec;
}

/** One weighting in a config. What it gives is what stands there, so that the record of a run can be read again. */
export const weighting = z.custom<WeightingSpec>().superRefine((spec, context) => {
  for (const { path, message } of weightingProblems(spec)) {
    context.addIssue({ code: "custom", path: [...path], message });
  }
}).meta({
  description: "{ positive: weight, negative: weight }, or a weight of one kind for both",
  // For the help: a schema that checks by itself says nothing of what it expects.
  anyOf: [{ enum: Object.keys(weightKinds) }, { type: "object" }],
});

/** The keys of a recipe's config that say which weightings it compares. */
export const weightSettings = {
  weightings: z.record(z.string().min(1), weighting).refine((all) => Object.keys(all).length > 0, {
    error: "expected at least one weighting",
  }).describe(
    "weightings of pairs by name: { positive: weight, negative: weight } or one weight for both, where a weight is a kind, " +
      "such as constant, or has options, as in { step: 0.5 }, { linear: { above: 0.5, power: 2, scale: 4 } } and " +
      "{ table: { 0.3: 0, 0.8: 1 } }",
  ),
};

/**
 * The weights that a weighting stands for, for {@linkcode pairWeighting}.
 *
 * @throws {RangeError} If it is no weighting.
 */
export function weightingOf(spec: WeightingSpec): PairWeights {
  const [problem] = weightingProblems(spec);
  if (problem) {
    const { path, message } = problem;
    const value = path.reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], spec);
    const stated = value === undefined ? "missing" : JSON.stringify(value);
    throw new RangeError(
      `Cannot make a weighting: ${path.length > 0 ? path.join(".") : "it"} is ${stated}, ${message}`,
    );
  }
  if (hasSides(spec)) {
    return { positive: weightsOf(spec.positive).positive, negative: weightsOf(spec.negative).negative };
  }
  return weightsOf(spec);
}

/** Whether the weight of a pair depends on the anchor's other pairs too, for positives or negatives. */
export function dependsOnOthers(spec: WeightingSpec): boolean {
  if (hasSides(spec)) return dependsOnOthers(spec.positive) || dependsOnOthers(spec.negative);
  const name = typeof spec === "string" ? spec : Object.keys(spec)[0]!;
  return name !== "table" && weightKinds[name as PairWeightsName].dependsOnOthers === true;
}

function hasSides(spec: WeightingSpec): spec is SidesSpec {
  return typeof spec === "object" && "positive" in spec;
}

function weightsOf(spec: WeightSpec): PairWeights {
  if (typeof spec === "string") return weightKinds[spec].make({});
  const [name, given] = Object.entries(spec)[0] as [PairWeightsName | "table", number | WeightOptions];
  if (name === "table") {
    const weight = throughPoints(pointsOf(given as WeightTable));
    return { positive: weight, negative: weight };
  }
  const { make, short } = weightKinds[name];
  const { scale, ...options } = typeof given === "number" ? { [short!]: given } : given;
  const { positive, negative } = make(options);
  return { positive: scaled(positive, scale), negative: scaled(negative, scale) };
}

function scaled(weight: PairWeight, scale = 1): PairWeight {
  return scale === 1 ? weight : (similarity, block) => tf.mul(weight(similarity, block), scale);
}
