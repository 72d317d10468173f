import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { fold, key, measurePeakSync, normal, tiled, uniform } from "../../core/mod.ts";
import type { Hinges } from "../../core/row_loss.ts";
import { contrastive } from "../../losses/contrastive.ts";
import { assertNewTensors, engineTest } from "../support/mod.ts";
import { fc } from "../support/properties.ts";
import { fusedTest } from "./_fused_support.ts";
import { evaluateHinges, type Group, type HingeCase, naiveHinges, pairsOf } from "./_naive_hinges.ts";

/** Few pairs with a hinge, and nearly all of them. */
const sparse = { distance: true, positiveMargin: 0, negativeMargin: 0.9, all: false };
const dense = { ...sparse, positiveMargin: -0.5, negativeMargin: 2.5 };
const kinds: readonly Hinges[] = [sparse, dense, { ...sparse, all: true }, { ...dense, all: true }].flatMap((
  hinges,
) => [
  hinges,
  // As many by cosine. A margin of 1 would leave it to rounding which copies count.
  { ...hinges, distance: false, positiveMargin: 0.95, negativeMargin: hinges.negativeMargin > 2 ? -1.5 : 0.6 },
]);

/** Random rows of a few labels; with ids of which some are those of other groups. */
function group(name: string, rows: number, dim: number, { labels = 3, ids = false } = {}): Group {
  const of = (what: string) => fold(key(5), name, what);
  const values = normal(of("rows"), [0], rows * dim);
  const pick = (what: string, count: number) => Array.from(uniform(of(what), [0], rows), (x) => Math.floor(x * count));
  return {
    rows: Array.from({ length: rows }, (_, i) => [...values.subarray(i * dim, (i + 1) * dim)]),
    labels: pick("labels", labels),
    ...(ids ? { ids: pick("ids", 2 * rows) } : {}),
  };
}

/** Asserts that kernel, tiles and loops agree, or tiles and loops where there is no kernel. */
function assertAgrees(given: HingeCase, hinges: Hinges, what: string, digits = 2e-4): void {
  const expected = naiveHinges(hinges, given);
  for (const options of [{}, { rows: 3 }]) {
    const { value, gradients } = assertNewTensors(0, () => evaluateHinges(hinges, given, options));
    const how = `${what}, ${JSON.stringify({ ...hinges, ...options })}`;
    assertAlmostEquals(value, expected.value, 2e-5 * Math.max(1, expected.value), how);
    expected.gradients.forEach((gradient, i) => {
      // A gradient that is 0 leaves what rounding does.
      const tolerance = digits * Math.max(...gradient.map(Math.abs), 0.01);
      gradient.forEach((x, j) => assertAlmostEquals(gradients[i]![j]!, x, tolerance, `${how}, gradient ${i}`));
    });
  }
}

const cases: { readonly [what: string]: HingeCase } = {
  // More than a block of anchors and of references, and no multiple of what a vector holds.
  "a batch with itself": { anchors: group("a", 70, 13) },
  "a batch with itself but for ids": { anchors: group("a", 37, 5, { ids: true }) },
  "others": { anchors: group("a", 9, 16), references: group("b", 130, 16) },
  "others, with ids": { anchors: group("a", 67, 3, { ids: true }), references: group("b", 66, 3, { ids: true }) },
  "others without a gradient": { anchors: group("a", 9, 7), references: group("b", 30, 7), constant: true },
  "a batch and a memory": { anchors: group("a", 20, 9, { ids: true }), appended: group("m", 50, 9, { ids: true }) },
  // More than a part of the references.
  "a detached batch and a long memory": { anchors: group("a", 6, 4), appended: group("m", 2200, 4), constant: true },
  "others and a memory": { anchors: group("a", 8, 6), references: group("b", 9, 6), appended: group("m", 21, 6) },
  "rows of one number": { anchors: group("a", 5, 1), references: group("b", 6, 1) },
};

for (const [what, given] of Object.entries(cases)) {
  engineTest(`hinges of pairs agree with loops: ${what}`, () => {
    for (const hinges of kinds) assertAgrees(given, hinges, what);
  });
}

engineTest("hinges of pairs agree with loops for all shapes and labels", () => {
  // Rows may be close, whose distance has few digits in single precision.
  const sizes = fc.record({
    anchors: fc.integer({ min: 1, max: 20 }),
    references: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
    appended: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
    dim: fc.integer({ min: 4, max: 18 }),
    labels: fc.integer({ min: 1, max: 4 }),
    ids: fc.boolean(),
    constant: fc.boolean(),
    hinges: fc.constantFrom(...kinds),
    seed: fc.nat(99),
  });
  fc.assert(
    fc.property(sizes, ({ anchors, references, appended, dim, hinges, constant, seed, ...of }) => {
      assertAgrees(
        {
          anchors: group(`a${seed}`, anchors, dim, of),
          ...(references ? { references: group(`b${seed}`, references, dim, of) } : {}),
          ...(appended ? { appended: group(`m${seed}`, appended, dim, of) } : {}),
          constant,
        },
        hinges,
        `seed ${seed}`,
      );
    }),
    { numRuns: 60 },
  );
});

engineTest("hinges of pairs have a value and a finite gradient where rows are zeros, copies or without pairs", () => {
  const { rows } = group("a", 6, 4);
  const copies = [...rows, rows[0]!, rows[1]!.map((x) => 3 * x)];
  const zeros = rows.map((row, i) => i % 2 ? row.map(() => 0) : row);
  const labels = [0, 1, 0, 1, 2, 2];
  const odd: { readonly [what: string]: HingeCase } = {
    "zeros": { anchors: { rows: zeros, labels } },
    "zeros in a memory": { anchors: { rows, labels }, appended: { rows: zeros, labels } },
    "all zeros": { anchors: { rows: rows.map((row) => row.map(() => 0)), labels } },
    "copies": { anchors: { rows: copies, labels: [...labels, 0, 0] } },
    "copies in a memory": { anchors: { rows, labels }, appended: { rows: copies, labels: [...labels, 1, 1] } },
    "no positives": { anchors: { rows, labels: [0, 1, 2, 3, 4, 5], ids: [0, 1, 2, 3, 4, 5] } },
    "no negatives": { anchors: { rows, labels: [0, 0, 0, 0, 0, 0] } },
    "no pairs": { anchors: { rows, labels, ids: [0, 0, 0, 0, 0, 0] } },
    "an empty memory": { anchors: { rows, labels }, appended: { rows: [], labels: [] } },
    "a single row": { anchors: { rows: [rows[0]!], labels: [1], ids: [0] } },
  };
  for (const [what, given] of Object.entries(odd)) {
    for (const hinges of kinds) assertAgrees(given, hinges, what);
  }
});

engineTest("hinges of pairs show what is no number", () => {
  const { rows } = group("a", 4, 3);
  const broken = { rows: rows.map((row, i) => i === 2 ? row.map(() => NaN) : row), labels: [0, 0, 1, 1] };
  for (const hinges of kinds) {
    for (const given of [{ anchors: broken }, { anchors: { rows, labels: [0, 1, 2, 3] }, appended: broken }]) {
      assertEquals(evaluateHinges(hinges, given).value, NaN);
    }
  }
});

fusedTest(["WindowHinges"], "the kernel of hinges makes no matrix of pairs, and gives the same bits each time", () => {
  const given = { anchors: group("a", 64, 4), appended: group("m", 5000, 4), constant: true };
  const loss = tiled(contrastive(), { pairing: ([rows]) => pairsOf(given, rows!, rows!) });
  const rows = tf.tensor2d(given.anchors.rows.flat(), [64, 4]);
  const run = () =>
    tf.tidy(() => [...tf.grad((x) => loss([x as tf.Tensor2D], { training: true, key: key(0) }))(rows).dataSync()]);
  const { peakBytes, result } = measurePeakSync(run);
  assert(peakBytes < 4 * 64 * 5000 / 2, `${peakBytes} bytes`);
  assertEquals(run(), result);
});
