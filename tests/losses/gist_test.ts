import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { aligned, tiled } from "../../core/mod.ts";
import { gist, type GistOptions, infoNCE, learnableTemperature } from "../../losses/mod.ts";
import { assertClose, engineTest } from "../support/mod.ts";
import { alignedSuite, differentiateFirst } from "./_aligned_suite.ts";
import { cosines, logSumExp, mean } from "./_naive.ts";
import { context, finiteDifferences, matrix, randomRows, type Rows, valueOf } from "./_support.ts";

/** GIST pair by pair: what is kept of each comparison depends on the guide's score of the same two examples. */
function naive(matrices: readonly Rows[], temperature: number, options: GistOptions = {}): number {
  const { margin = 0, contrastAnchors = true, contrastPositives = true } = options;
  const half = matrices.length / 2;
  const compare = ([anchors, references, ...hard]: readonly Rows[]) => {
    const positives = references!.slice(0, anchors!.length);
    return {
      references: cosines(anchors!, references),
      anchors: cosines(anchors!),
      positives: cosines(positives),
      hard: cosines(anchors!, hard.flat()),
    };
  };
  const [student, guide] = [compare(matrices.slice(0, half)), compare(matrices.slice(half))];
  return mean(matrices[0]!.map((_, i) => {
    const score = guide.references[i]![i]!;
    const limit = typeof margin === "number" ? score - margin : score - Math.abs(score) * margin.relative;
    const kept = (kind: keyof typeof student, self: boolean) =>
      student[kind][i]!.filter((_, j) => !(self && j === i) && guide[kind][i]![j]! <= limit + 1e-6);
    const positive = student.references[i]![i]!;
    const all = [
      positive,
      ...kept("references", true),
      ...(contrastAnchors ? kept("anchors", true) : []),
      ...(contrastPositives ? kept("positives", true) : []),
      ...kept("hard", false),
    ];
    return logSumExp(all.map((s) => s / temperature)) - positive / temperature;
  }));
}

const halves = (matrices: readonly Rows[]) => matrices.length / 2;
/** Guides that find most positives rather near, so that many of the negatives stay, and one beyond a right angle. */
const guides = (seed: number, rows: number, dim: number): [Rows, Rows] => {
  const [one, noise] = [randomRows(seed, rows, dim), randomRows(seed + 1, rows, dim)];
  return [one, one.map((row, i) => row.map((x, k) => x + 2 * noise[i]![k]!))];
};
const pairs = [randomRows(1, 7, 4), randomRows(2, 7, 4), ...guides(3, 7, 4)];
const triplets = [
  ...[randomRows(1, 5, 3), randomRows(2, 8, 3), randomRows(3, 5, 3), randomRows(4, 2, 3)],
  ...[guides(5, 5, 6)[0], [...guides(5, 5, 6)[1], ...randomRows(7, 3, 6)], randomRows(8, 5, 6), randomRows(9, 2, 6)],
];

alignedSuite({
  name: "gist()",
  make: () => gist({ temperature: 0.2 }),
  naive: (matrices) => naive(matrices, 0.2),
  matrices: pairs,
  trained: halves,
  shapes: { "hard negatives, and a guide of another width": triplets },
});

const variants: Record<string, GistOptions> = {
  "a margin": { margin: 0.3 },
  "a margin below 0": { margin: -0.2 },
  "a relative margin": { margin: { relative: 0.4 } },
  "anchors not among themselves": { contrastAnchors: false },
  "positives not among themselves": { contrastPositives: false },
  "references only": { contrastAnchors: false, contrastPositives: false },
};
for (const [what, options] of Object.entries(variants)) {
  engineTest(`gist() agrees with loops and finite differences: ${what}`, () => {
    for (const matrices of [pairs, triplets]) {
      const count = halves(matrices);
      const { value, gradients } = differentiateFirst(gist({ temperature: 0.2, ...options }), matrices, count);
      const expected = naive(matrices, 0.2, options);
      assertAlmostEquals(value, expected, 1e-5 * (1 + Math.abs(expected)));
      assert(Math.abs(expected - naive(matrices, 0.2)) > 1e-3, "the option must matter");
      const slopes = finiteDifferences((x) => naive(x, 0.2, options), matrices);
      gradients.forEach((gradient, i) => assertClose(gradient, slopes[i]!, 1e-4));
    }
  });
}

engineTest("gist() at its temperature of 0.01 agrees with loops", () => {
  const { value, gradients } = differentiateFirst(gist(), pairs, 2);
  assertAlmostEquals(value, naive(pairs, 0.01), 1e-5 * value);
  assertEquals(gradients.flat().every(Number.isFinite), true);
});

engineTest("gist() is InfoNCE where the guide leaves the negatives of anchors in, and 0 where it leaves none", () => {
  const [a, b] = pairs as [Rows, Rows];
  const options = { temperature: 0.2, contrastAnchors: false, contrastPositives: false };
  const trusting = valueOf(gist({ ...options, margin: -3 }), pairs);
  assertAlmostEquals(trusting, valueOf(infoNCE({ temperature: 0.2 }), [a, b]), 1e-5);
  assertEquals(Math.abs(valueOf(gist({ temperature: 0.2, margin: 3 }), pairs)), 0);
});

engineTest("gist() keeps a copy of the positive at margin 0, and leaves it out above", () => {
  const rows = [[1, 0, 2], [0, 1, 1], [0, 1, 1]];
  const matrices = [rows, rows, rows, [[1, 1, 3], [2, 1, 7], [2, 1, 7]]];
  const only = { temperature: 1, contrastAnchors: false, contrastPositives: false };
  const values = [0, 0.01].map((margin) => {
    const expected = naive(matrices, 1, { ...only, margin });
    for (const tile of [1, 3]) {
      assertAlmostEquals(valueOf(tiled(gist({ ...only, margin }), { rows: tile }), matrices), expected, 1e-6);
    }
    return expected;
  });
  assert(values[0]! > values[1]! + 0.1);
});

engineTest("gist() trains its temperature", () => {
  const at = (logScale: number) => naive(pairs, Math.exp(-logScale));
  const slope = (at(Math.log(5) + 1e-5) - at(Math.log(5) - 1e-5)) / 2e-5;
  const temperature = learnableTemperature({ initial: 0.2 });
  const { params } = differentiateFirst(tiled(gist({ temperature }), { rows: 2 }), pairs, 2);
  assertClose(params[0]!, [slope], 1e-4);
});

engineTest("gist() names what is wrong", () => {
  const inputs = pairs.map((rows) => matrix(rows));
  const swap = (at: number, other: tf.Tensor2D) => inputs.map((x, i) => i === at ? other : x);
  assertThrows(() => gist({ temperature: 0 }), RangeError, "temperature is 0");
  assertThrows(() => gist({ margin: NaN }), RangeError, "margin is NaN");
  assertThrows(() => gist({ margin: { relative: Infinity } }), RangeError, "margin.relative is Infinity");
  assertThrows(() => gist()(inputs.slice(0, 2), context), TypeError, "got 2 matrices, expected anchors and references");
  assertThrows(() => gist()(inputs.slice(0, 3), context), TypeError, "got 3 matrices");
  assertThrows(() => gist()(swap(2, tf.ones([7, 6])), context), RangeError, "the guide of GIST: input 1 is 4 wide");
  assertThrows(
    () => gist()(swap(3, tf.ones([9, 4])), context),
    RangeError,
    "input 3 has 9 rows, expected 7 as input 1",
  );
  assertThrows(() => tiled(gist(), { pairing: aligned() })(inputs.slice(0, 2), context), TypeError, "its own pairing");
});
