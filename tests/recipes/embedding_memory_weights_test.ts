import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { type Block, key, type Tensor2D } from "../../core/mod.ts";
import { pairWeighting } from "../../losses/mod.ts";
import { COMPANY, weightCurve, weightCurvesFigure } from "../../recipes/embedding-memory/curves.ts";
import { weightingOf, type WeightingSpec } from "../../recipes/embedding-memory/weights.ts";
import { renderSvg } from "../../recipes/runner/figures.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";

/** Similarities of three anchors with two positives and three negatives each; some on thresholds and points. */
const rows = [[0.9, -0.2, 0.55, 0.3, -0.7], [0.25, 0.75, 0.5, 0.8, 0.45], [1, 0.5, -1, 0.1, 0.65]];
const isPositive = [true, true, false, false, false];

/** The weight of a pair of similarity s, next to all the anchor's positives p and negatives n. */
type Weight = (s: number, p: readonly number[], n: readonly number[]) => number;

interface Case {
  readonly spec: WeightingSpec;
  readonly positive: Weight;
  readonly negative: Weight;
}

const sum = (values: readonly number[], f: (x: number) => number) => values.reduce((sum, x) => sum + f(x), 0);
const softmax = (s: number, others: readonly number[], t: number) => 1 / sum(others, (x) => Math.exp((x - s) / t));
const one: Weight = () => 1;

const cases: readonly Case[] = [
  { spec: "constant", positive: one, negative: one },
  { spec: { positive: { constant: 0 }, negative: { constant: { weight: 2 } } }, positive: () => 0, negative: () => 2 },
  { spec: "step", positive: (s) => s < 0.5 ? 1 : 0, negative: (s) => s > 0.5 ? 1 : 0 },
  { spec: { positive: "constant", negative: { step: 0.4 } }, positive: one, negative: (s) => s > 0.4 ? 1 : 0 },
  {
    spec: { positive: { step: { above: 0.6 } }, negative: { step: { below: 0.6, scale: 3 } } },
    positive: (s) => s > 0.6 ? 1 : 0,
    negative: (s) => s < 0.6 ? 3 : 0,
  },
  { spec: { linear: 0.6 }, positive: (s) => Math.max(0.6 - s, 0), negative: (s) => Math.max(s - 0.6, 0) },
  {
    spec: { positive: { linear: { below: 0.8 } }, negative: { linear: { above: 0.2, power: 2, scale: 4 } } },
    positive: (s) => Math.max(0.8 - s, 0),
    negative: (s) => 4 * Math.max(s - 0.2, 0) ** 2,
  },
  {
    spec: { positive: { linear: { above: -0.5 } }, negative: { linear: { threshold: 0.1 } } },
    positive: (s) => Math.max(s + 0.5, 0),
    negative: (s) => Math.max(s - 0.1, 0),
  },
  {
    spec: { positive: "exponential", negative: { exponential: { above: 0.3, rate: 4 } } },
    positive: (s) => Math.exp(10 * (0.5 - s)),
    negative: (s) => Math.exp(4 * (s - 0.3)),
  },
  {
    spec: { contrastive: { positiveMargin: 0.95, negativeMargin: 0.4 } },
    positive: (s) => s < 0.95 ? 1 : 0,
    negative: (s) => s > 0.4 ? 1 : 0,
  },
  {
    spec: "binomialDeviance",
    positive: (s) => 2 / (1 + Math.exp(2 * (s - 0.5))),
    negative: (s) => 50 / (1 + Math.exp(-50 * (s - 0.5))),
  },
  {
    spec: { positive: "multiSimilarity", negative: { multiSimilarity: { beta: 10, base: 0.2 } } },
    positive: (s, p) => Math.exp(-2 * (s - 0.5)) / (1 + sum(p, (x) => Math.exp(-2 * (x - 0.5)))),
    negative: (s, _, n) => Math.exp(10 * (s - 0.2)) / (1 + sum(n, (x) => Math.exp(10 * (x - 0.2)))),
  },
  {
    spec: { positive: { infoNCE: 0.3 }, negative: "infoNCE" },
    positive: (s, p, n) => (1 / p.length - softmax(s, [...p, ...n], 0.3)) / 0.3,
    negative: (s, p, n) => softmax(s, [...p, ...n], 0.05) / 0.05,
  },
  {
    spec: { triplet: 0.3 },
    positive: (s, _, n) => n.filter((x) => x > s - 0.3).length,
    negative: (s, p) => p.filter((x) => x < s + 0.3).length,
  },
  {
    spec: { positive: { table: { "-1": 2, 0: 0.5, 1: 0.5 } }, negative: { table: { 0.3: 0, 0.5: 0.2, 0.8: 1 } } },
    positive: (s) => s < 0 ? 0.5 - 1.5 * s : 0.5,
    negative: (s) => s < 0.3 ? 0 : s < 0.5 ? s - 0.3 : s < 0.8 ? 0.2 + (s - 0.5) * 0.8 / 0.3 : 1,
  },
];

/** A block of the given similarities. */
function blockOf(similarity: Tensor2D): Block {
  const mask = (of: readonly boolean[]) => tf.tensor2d(rows.map(() => [...of]), undefined, "bool");
  return {
    first: 0,
    rows: rows.length,
    similarity,
    positive: mask(isPositive),
    negative: mask(isPositive.map((is) => !is)),
    anchors: tf.zeros([rows.length, 1]) as Tensor2D,
    references: tf.zeros([isPositive.length, 1]) as Tensor2D,
    further: [],
    shared: [],
    key: key(0),
  };
}

for (const { spec, positive, negative } of cases) {
  engineTest(`weightingOf(${JSON.stringify(spec)}) gives pairWeighting() the gradients -w⁺/N and w⁻/N`, async () => {
    const loss = pairWeighting(weightingOf(spec));
    const gradient = assertNewTensors(1, () =>
      tf.tidy(() =>
        tf.grad((s) => {
          const { sum, count } = loss.terms(blockOf(s as Tensor2D)) as { sum: tf.Scalar; count: number };
          return tf.div(sum, count);
        })(tf.tensor2d(rows))
      ));
    const expected = rows.flatMap((row) => {
      const [p, n] = [row.filter((_, j) => isPositive[j]), row.filter((_, j) => !isPositive[j])];
      return row.map((s, j) => (isPositive[j] ? -positive(s, p, n) : negative(s, p, n)) / rows.length);
    });
    assertClose(await gradient.data(), expected, 1e-5);
    gradient.dispose();
  });
}

engineTest("weightCurve() draws each pair beside the company that is stated", async () => {
  const company = { positives: [0.7, 0.6], negatives: [0.4, 0.1] };
  const before = tf.memory().numTensors;
  for (const { spec, positive, negative } of cases) {
    const at = rows.flat();
    const pulls = await weightCurve(weightingOf(spec), "positive", at, company);
    assertClose(pulls, at.map((s) => positive(s, [s, 0.6], [0.4, 0.1])), 1e-5);
    const pushes = await weightCurve(weightingOf(spec), "negative", at, company);
    assertClose(pushes, at.map((s) => negative(s, [0.7, 0.6], [s, 0.1])), 1e-5);
  }
  // InfoNCE pulls the only positive however near it is.
  assert((await weightCurve(weightingOf("infoNCE"), "positive", [0.2, 1])).every((weight) => weight >= 0));
  assertEquals(tf.memory().numTensors, before);
});

engineTest("weightCurvesFigure() draws both sides of all weightings, and says beside what", async () => {
  const weightings: Record<string, WeightingSpec> = {
    plain: { positive: "constant", negative: { step: 0.5 } },
    hand: { positive: "constant", negative: { table: { 0.3: 0, 0.5: 0.2, 0.8: 1 } } },
    ms: "multiSimilarity",
  };
  const svg = await renderSvg(await weightCurvesFigure(weightings));
  for (const text of ["Positives", "Negatives", "Weights of pairs", "similarity", "weight / largest weight"]) {
    assertStringIncludes(svg, `>${text}<`);
  }
  // One legend for both sides, and a line a weighting on each.
  for (const name of Object.keys(weightings)) assertEquals(svg.split(`>${name}<`).length - 1, 1, name);
  assertEquals(svg.split('aria-roledescription="line mark"').length - 1, 6);
  assertStringIncludes(
    svg,
    `ms: in place of the first among positives at 0.7 and negatives at ${COMPANY.negatives.join(", ")}`,
  );
  const raw = await renderSvg(await weightCurvesFigure({ plain: weightings.plain! }, { relative: false, from: 0 }));
  assertStringIncludes(raw, ">weight<");
  assert(!raw.includes("among"));
});

Deno.test("weightCurve() needs a positive and a negative", async () => {
  const drawn = weightCurve(weightingOf("constant"), "positive", [0], { positives: [], negatives: [0.1] });
  const error = await drawn.catch((error: Error) => error) as Error;
  assertEquals([error.name, error.message], [
    "RangeError",
    "Cannot draw weights beside 0 positives and 1 negatives, expected at least one of each",
  ]);
});

engineTest("a weight through points is as steep as they are, and stays at the ends' weights", async () => {
  const { negative } = weightingOf({ table: { 0.5: 0.25, 0.5001: 3 } });
  const at = [-1, 0.5, 0.50005, 0.51, 1];
  const weights = await weightCurve({ positive: negative, negative }, "negative", at);
  [0.25, 0.25, 1.625, 3, 3].forEach((weight, i) => assertAlmostEquals(weights[i]!, weight, 2e-3));
});
