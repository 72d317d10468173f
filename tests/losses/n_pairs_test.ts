import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { type Batch, cachedStep, key } from "../../core/mod.ts";
import { nPairs, type NPairsOptions } from "../../losses/n_pairs.ts";
import { assertClose, assertNewTensors, engineTest, free, randomMatrix, tinyEncoder } from "../support/mod.ts";
import { fc } from "../support/properties.ts";
import golden from "../fixtures/golden.json" with { type: "json" };
import { assertChunksAgree } from "./_moments_support.ts";
import { context, differentiate, finiteDifferences, matrix, randomRows, type Rows, valueOf } from "./_support.ts";

const { X, labels, labels2, cases } = golden;

/** N-pairs of anchors and positives, by loops in float64. */
function aligned(matrices: readonly Rows[], options: NPairsOptions = {}): number {
  const { similarity = "dot", regularization = 0 } = options;
  const unit = (row: readonly number[]) => similarity === "dot" ? row : row.map((x) => x / Math.hypot(...row));
  const [anchors, positives] = matrices.map((rows) => rows.map(unit));
  let total = 0;
  anchors!.forEach((anchor, i) => {
    const products = positives!.map((positive) => positive.reduce((sum, x, k) => sum + x * anchor[k]!, 0));
    total += Math.log(products.reduce((sum, z) => sum + Math.exp(z - products[i]!), 0)) / anchors!.length;
    for (const rows of matrices) total += regularization / 2 * Math.hypot(...rows[i]!) ** 2 / anchors!.length;
  });
  return total;
}

/** The same of the pairs that a search over all pairs of rows finds first. */
function naive(rows: Rows, labels: readonly number[], options: NPairsOptions = {}): number {
  const done = new Set<number>();
  const pairs: [number, number][] = [];
  for (let i = 0; i < rows.length; i++) {
    for (let j = i + 1; j < rows.length; j++) {
      if (labels[i] !== labels[j] || done.has(labels[i]!)) continue;
      done.add(labels[i]!);
      pairs.push([i, j]);
    }
  }
  return pairs.length === 0 ? 0 : aligned([pairs.map(([i]) => rows[i]!), pairs.map(([, j]) => rows[j]!)], options);
}

for (
  const [name, similarity] of [["NPairsLoss", "cosine"], ["NPairsLoss(DotProduct unnormalised)", "dot"]] as const
) {
  engineTest(`nPairs() with ${similarity} similarity agrees with ${name}`, () => {
    const expected = cases[name];
    const { value, gradients } = differentiate(nPairs({ similarity }), [X], labels);
    assertAlmostEquals(value, expected.loss, 1e-6 * expected.loss);
    assertAlmostEquals(Math.hypot(...gradients[0]!), expected.gradFro[0]!, 1e-5 * expected.gradFro[0]!);
    assertClose(gradients[0]!.slice(0, 4), expected.gradRow0[0]!, 1e-5);
  });
}

const options: readonly NPairsOptions[] = [
  {},
  { similarity: "cosine" },
  { regularization: 0.3 },
  { similarity: "cosine", regularization: 0.1 },
];
for (const option of options) {
  engineTest(`nPairs(${JSON.stringify(option)}) agrees with naive loops and finite differences`, () => {
    for (const classes of [labels, labels2, [5, -1, 5, 5, -1, 0, 9, 9], [4, 4, 4, 4, 4, 4, 4, 4]]) {
      const rows = randomRows(3, 8, 3);
      const { value, gradients } = differentiate(nPairs(option), [rows], classes);
      assertAlmostEquals(value, naive(rows, classes, option), 1e-6);
      const slopes = finiteDifferences(([x]) => naive(x!, classes, option), [rows]);
      // A single class without regularization has no gradient.
      gradients[0]!.forEach((slope, i) => assertAlmostEquals(slope, slopes[0]![i]!, 1e-5));
    }
    const pairs = [randomRows(4, 5, 3), randomRows(5, 5, 3)];
    const { value, gradients } = differentiate(nPairs(option), pairs);
    assertAlmostEquals(value, aligned(pairs, option), 1e-6);
    assertAlmostEquals(valueOf(nPairs(option), pairs), value, 1e-6);
    assertClose(gradients.flat(), finiteDifferences((x) => aligned(x, option), pairs).flat(), 1e-5);
  });
}

engineTest("nPairs() finds the pairs of any labels", () => {
  const cases = fc.array(fc.integer({ min: -2, max: 4 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(cases, (classes) => {
      const rows = randomRows(classes.length, classes.length, 3);
      assertAlmostEquals(valueOf(nPairs(), [rows], classes), naive(rows, classes), 2e-6);
    }),
    { numRuns: 30 },
  );
});

engineTest("nPairs() takes labels as int32 or float32, and beside other targets", () => {
  const rows = matrix(randomRows(8, 5, 3));
  const labels = [4, 2, 4, 2, 4];
  const at = (targets: Batch) => nPairs()([rows], { ...context, targets }).dataSync()[0]!;
  const expected = at(tf.tensor1d(labels, "int32"));
  assertEquals(at(tf.tensor1d(labels)), expected);
  assertEquals(at({ labels: tf.tensor1d(labels, "int32"), ids: tf.tensor1d([9, 8, 7, 6, 5], "int32") }), expected);
  // Without labels to find pairs by, targets play no part.
  const pairs = [matrix(randomRows(9, 2, 3)), matrix(randomRows(10, 2, 3))];
  const told = nPairs()(pairs, { ...context, targets: { ids: tf.tensor1d([1], "int32") } });
  assertEquals(told.dataSync()[0], nPairs()(pairs, context).dataSync()[0]);
});

engineTest("nPairs() leaves out further examples and classes of one", () => {
  const rows = randomRows(6, 7, 3);
  const classes = [2, 0, 2, 1, 2, 0, 0];
  const { value, gradients } = differentiate(nPairs({ regularization: 1 }), [rows], classes);
  for (const left of [3, 4, 6]) assertEquals(gradients[0]!.slice(3 * left, 3 * left + 3), [0, 0, 0]);
  const pairs = [[rows[0]!, rows[1]!], [rows[2]!, rows[5]!]];
  assertAlmostEquals(value, valueOf(nPairs({ regularization: 1 }), pairs), 1e-6);
});

engineTest("nPairs() depends neither on the names of classes nor on how they interleave", () => {
  const rows = randomRows(7, 6, 3);
  const expected = valueOf(nPairs(), [rows], [0, 1, 2, 0, 1, 2]);
  assertAlmostEquals(valueOf(nPairs(), [rows], [70, -3, 8, 70, -3, 8]), expected, 1e-6);
  const order = [2, 5, 0, 1, 3, 4];
  const sorted = order.map((i) => rows[i]!);
  assertAlmostEquals(valueOf(nPairs(), [sorted], [2, 2, 0, 1, 0, 1]), expected, 1e-6);
});

engineTest("nPairs() is 0 with a gradient of zeros where no class has two examples", () => {
  for (const option of options) {
    const { value, gradients } = differentiate(nPairs(option), [randomRows(1, 3, 2)], [3, 1, 2]);
    assertEquals(value, 0);
    assertEquals(gradients[0], [0, 0, 0, 0, 0, 0]);
  }
  const encoder = tinyEncoder();
  const targets = tf.tensor1d([1, 2, 3], "int32");
  const result = cachedStep({ encoders: [encoder], loss: nPairs(), chunkSize: 2 })(
    [randomMatrix(1, 3, 4)],
    key(0),
    targets,
  );
  for (const gradient of Object.values(result.gradients)) assert(gradient.dataSync().every((x) => x === 0));
  free(result);
});

engineTest("nPairs() stays finite for long rows", () => {
  const far = [[100, 0], [0, 100]];
  assertEquals(valueOf(nPairs(), [far, far]), 0);
  const { value, gradients } = differentiate(nPairs(), [far, far.toReversed()]);
  assertAlmostEquals(value, 1e4, 1e-2);
  assert(gradients.flat().every(Number.isFinite));
});

engineTest("nPairs() leaves nothing behind but its value and keeps no copy of its matrix", () => {
  const [rows, targets] = [
    randomMatrix(1, 300, 16),
    tf.tensor1d(Array.from({ length: 300 }, (_, i) => i % 4), "int32"),
  ];
  const kept: number[] = [];
  for (const loss of options.map(nPairs)) {
    const on = { ...context, targets };
    assertNewTensors(1, () => loss([rows], on)).dispose();
    const held = tf.memory().numBytes;
    const gradient = assertNewTensors(1, () =>
      tf.grad((x) => {
        const value = loss([x as tf.Tensor2D], on);
        kept.push(tf.memory().numBytes - held);
        return value;
      })(rows));
    gradient.dispose();
    const odd = { ...context, targets: tf.scalar(1) };
    assertNewTensors(0, () => assertThrows(() => loss([rows], odd)));
    odd.targets.dispose();
  }
  for (const bytes of kept) assertLess(bytes, 4 * 300 * 16);
  assert(!rows.isDisposed && !targets.isDisposed);
});

engineTest("nPairs() agrees with the full step in chunks, with labels and without", () => {
  for (const option of options) {
    assertChunksAgree(nPairs(option), 1, tf.tensor1d([0, 1, 2, 1, 0, 3, 2, 1], "int32"));
    assertChunksAgree(nPairs(option), 2);
  }
});

engineTest("nPairs() names what does not fit", () => {
  const loss = nPairs();
  const rows = matrix(randomRows(1, 3, 2));
  const on = (targets: Batch) => () => loss([rows], { ...context, targets });
  assertThrows(() => loss([rows], context), TypeError, "got one matrix and no labels, expected targets");
  assertThrows(on([tf.tensor1d([1, 1, 2], "int32")]), TypeError, "got one matrix and no labels");
  assertThrows(on({ ids: tf.tensor1d([1, 1, 2], "int32") }), TypeError, "got one matrix and no labels");
  assertThrows(on(tf.tensor1d([true, true, false], "bool")), TypeError, "labels are bool, expected int32");
  assertThrows(on(tf.tensor1d([1, 1], "int32")), RangeError, "labels have shape [2], expected [3]");
  assertThrows(on(tf.tensor2d([1, 1, 2], [3, 1], "int32")), RangeError, "labels have shape [3,1], expected [3]");
  assertThrows(on(tf.tensor1d([1, 1.5, 2])), RangeError, "the label of example 1 is 1.5, expected an integer");
  assertThrows(on(tf.tensor1d([1, 1, NaN])), RangeError, "the label of example 2 is NaN, expected an integer");
  const flat = tf.ones<tf.Rank>([3]) as tf.Tensor2D;
  assertThrows(() => loss([flat], context), TypeError, "input 0 has shape [3], expected [rows, dim]");
  assertThrows(() => loss([], context), TypeError, "got 0 matrices");
  assertThrows(() => loss([rows, rows, rows], context), TypeError, "got 3 matrices, expected one with labels");
  assertThrows(
    () => loss([rows, tf.ones([4, 2])], context),
    RangeError,
    "4 positives for 3 anchors, expected one each",
  );
  assertThrows(() => loss([rows, tf.ones([3, 3])], context), RangeError, "input 1 is 3 wide, expected 2");
  assertThrows(() => nPairs({ similarity: "euclid" as "dot" }), RangeError, "similarity is euclid");
  for (const regularization of [-1, NaN, Infinity]) {
    assertThrows(() => nPairs({ regularization }), RangeError, `regularization is ${regularization}`);
  }
});
