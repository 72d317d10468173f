import { assertEquals, assertThrows } from "@std/assert";
import { tiled } from "../../core/mod.ts";
import { pairWeighting, pairWeights, type PairWeightsName } from "../../losses/mod.ts";
import { assertClose, engineTest } from "../support/mod.ts";
import { cosines, relatives } from "./_naive.ts";
import { differentiate, finiteDifferences, randomRows, type Rows } from "./_support.ts";

const rows = randomRows(5, 9, 3);
/** Classes of three, two, one and three. */
const labels = [0, 1, 0, 2, 1, 0, 3, 3, 3];

/** The weight of a pair of similarity s, next to all the anchor's positives p and negatives n. */
type Weight = (s: number, p: readonly number[], n: readonly number[]) => number;

interface Case {
  readonly name: PairWeightsName;
  readonly options?: Readonly<Record<string, number>>;
  readonly positive: Weight;
  readonly negative: Weight;
}

const sum = (values: readonly number[], f: (x: number) => number) => values.reduce((sum, x) => sum + f(x), 0);
const softmax: Weight = (s, p, n) => Math.exp(s / 0.3) / sum([...p, ...n], (x) => Math.exp(x / 0.3));

const cases: readonly Case[] = [
  { name: "constant", positive: () => 1, negative: () => 1 },
  { name: "constant", options: { weight: 0.25 }, positive: () => 0.25, negative: () => 0.25 },
  { name: "step", positive: (s) => s < 0.5 ? 1 : 0, negative: (s) => s > 0.5 ? 1 : 0 },
  { name: "step", options: { threshold: 0.2 }, positive: (s) => s < 0.2 ? 1 : 0, negative: (s) => s > 0.2 ? 1 : 0 },
  { name: "linear", positive: (s) => Math.max(0.5 - s, 0), negative: (s) => Math.max(s - 0.5, 0) },
  {
    name: "linear",
    options: { threshold: 0.1, power: 2.5 },
    positive: (s) => Math.max(0.1 - s, 0) ** 2.5,
    negative: (s) => Math.max(s - 0.1, 0) ** 2.5,
  },
  { name: "exponential", positive: (s) => Math.exp(10 * (0.5 - s)), negative: (s) => Math.exp(10 * (s - 0.5)) },
  {
    name: "exponential",
    options: { threshold: 0.3, rate: 4 },
    positive: (s) => Math.exp(4 * (0.3 - s)),
    negative: (s) => Math.exp(4 * (s - 0.3)),
  },
  { name: "contrastive", positive: () => 1, negative: (s) => s > 0 ? 1 : 0 },
  {
    name: "contrastive",
    options: { positiveMargin: 0.6, negativeMargin: 0.4 },
    positive: (s) => s < 0.6 ? 1 : 0,
    negative: (s) => s > 0.4 ? 1 : 0,
  },
  {
    name: "binomialDeviance",
    positive: (s) => 2 / (1 + Math.exp(2 * (s - 0.5))),
    negative: (s) => 50 / (1 + Math.exp(-50 * (s - 0.5))),
  },
  {
    name: "multiSimilarity",
    positive: (s, p) => Math.exp(-2 * (s - 0.5)) / (1 + sum(p, (x) => Math.exp(-2 * (x - 0.5)))),
    negative: (s, _, n) => Math.exp(50 * (s - 0.5)) / (1 + sum(n, (x) => Math.exp(50 * (x - 0.5)))),
  },
  {
    name: "infoNCE",
    options: { temperature: 0.3 },
    positive: (s, p, n) => (1 / p.length - softmax(s, p, n)) / 0.3,
    negative: (s, p, n) => p.length === 0 ? 0 : softmax(s, p, n) / 0.3,
  },
  ...[undefined, { margin: 0.4 }].map((options): Case => ({
    name: "triplet",
    ...(options && { options }),
    positive: (s, _, n) => n.filter((x) => x > s - (options?.margin ?? 0.1)).length,
    negative: (s, p) => p.filter((x) => x < s + (options?.margin ?? 0.1)).length,
  })),
];

/** By loops, with weights of the rows as they are: finite differences do not move them. */
function naiveGradient({ positive, negative }: Case): number[] {
  const held = cosines(rows);
  const weights = labels.map((_, a) => {
    const { positives, negatives } = relatives(labels, a);
    const [p, n] = [positives, negatives].map((others) => others.map((j) => held[a]![j]!));
    return held[a]!.map((s, j) => {
      if (positives.includes(j)) return -positive(s, p!, n!);
      return negatives.includes(j) ? negative(s, p!, n!) : 0;
    });
  });
  const value = (x: Rows) =>
    cosines(x).reduce((total, row, a) => total + row.reduce((sum, s, j) => sum + weights[a]![j]! * s, 0), 0);
  return finiteDifferences(([x]) => value(x!) / labels.length, [rows])[0]!;
}

for (const test of cases) {
  const given = test.options ? `(${JSON.stringify(test.options)})` : "()";
  engineTest(`pairWeights.${test.name}${given} weigh pairs as loops do, in tiles of any size`, () => {
    const loss = pairWeighting(pairWeights[test.name](test.options));
    const expected = naiveGradient(test);
    for (const size of [1, 4, Infinity]) {
      const { gradients } = differentiate(tiled(loss, { rows: size }), [rows], labels);
      assertClose(gradients[0]!, expected, 1e-4);
    }
  });
}

engineTest("pairWeights are defined for rows that are equal, opposite or zero, and for one class or none", () => {
  const [row, other] = [rows[0]!, rows[1]!];
  const given = [row, row, row.map((x) => -x), [0, 0, 0], [0, 0, 0], other];
  for (const [name, make] of Object.entries(pairWeights)) {
    for (const own of [[0, 0, 0, 1, 1, 1], [0, 1, 0, 0, 1, 1], [7, 7, 7, 7, 7, 7], [0, 1, 2, 3, 4, 5]]) {
      const { value, gradients } = differentiate(pairWeighting(make()), [given], own);
      assertEquals([value, ...gradients[0]!].every(Number.isFinite), true, `${name} for labels ${own}`);
    }
  }
});

Deno.test("pairWeights name an option that is wrong or unknown", () => {
  const wrong: [PairWeightsName, Record<string, number>, string][] = [
    ["constant", { weight: NaN }, "Cannot make constant weights: weight is NaN"],
    ["step", { threshold: Infinity }, "Cannot make step weights: threshold is Infinity"],
    ["linear", { power: 0 }, "Cannot make linear weights: power is 0"],
    ["exponential", { rate: -1 }, "Cannot make exponential weights: rate is -1"],
    ["contrastive", { negativeMargin: NaN }, "Cannot make contrastive weights: negativeMargin is NaN"],
    ["binomialDeviance", { alpha: 0 }, "Cannot make binomial deviance weights: alpha is 0"],
    ["multiSimilarity", { beta: -3 }, "Cannot make multi-similarity weights: beta is -3"],
    ["infoNCE", { temperature: 0 }, "Cannot make InfoNCE weights: temperature is 0"],
    ["triplet", { margin: NaN }, "Cannot make triplet weights: margin is NaN"],
    ["step", { threshold: "0.5" as never }, "threshold is 0.5, expected a finite number"],
  ];
  for (const [name, options, message] of wrong) {
    assertThrows(() => pairWeights[name](options), RangeError, message);
  }
  for (const make of Object.values(pairWeights)) {
    assertThrows(() => make({ tresh: 1 }), TypeError, "there is no option tresh, expected ");
  }
});
