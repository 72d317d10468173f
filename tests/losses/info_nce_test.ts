import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { infoNCE, learnableTemperature, symmetric } from "../../losses/mod.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";
import golden from "../fixtures/golden.json" with { type: "json" };
import { context, differentiate, finiteDifferences, matrix, randomRows, type Rows, valueOf } from "./_support.ts";

const { X, Y, cases } = golden;

/** InfoNCE by loops in float64. */
function naive(matrices: readonly Rows[], temperature: number, similarity: "cosine" | "dot" = "cosine"): number {
  const unit = (row: readonly number[]) => {
    const length = Math.hypot(...row);
    return similarity === "cosine" ? row.map((x) => length < 1e-12 ? 0 : x / length) : row;
  };
  const [anchors, ...others] = matrices.map((rows) => rows.map(unit));
  const references = others.flat();
  let total = 0;
  anchors!.forEach((anchor, i) => {
    const logits = references.map((r) => r.reduce((sum, x, k) => sum + x * anchor[k]!, 0) / temperature);
    const highest = Math.max(...logits);
    total += highest + Math.log(logits.reduce((sum, z) => sum + Math.exp(z - highest), 0)) - logits[i]!;
  });
  return total / anchors!.length;
}

function naiveSymmetric(matrices: readonly Rows[], temperature: number): number {
  const [anchors, references] = matrices as [Rows, Rows];
  const reverse = naive([references.slice(0, anchors.length), anchors], temperature);
  return (naive(matrices, temperature) + reverse) / 2;
}

const reference = [
  ["MNRL(scale=20)", () => infoNCE({ temperature: 1 / 20 })],
  ["MNRL(scale=20) symmetric per_direction", () => symmetric(infoNCE({ temperature: 1 / 20 }))],
  ["open_clip ClipLoss(logit_scale=1/0.07)", () => symmetric(infoNCE({ temperature: 0.07 }))],
  ["open_clip ClipLoss(logit_scale=1/0.07)", () => {
    return symmetric(infoNCE({ temperature: learnableTemperature({ initial: 0.07 }) }));
  }],
] as const;
for (const [i, [name, make]] of reference.entries()) {
  engineTest(`infoNCE() agrees with ${name}${i === 3 ? ", its temperature learnt" : ""}`, () => {
    const expected = cases[name];
    const { value, gradients } = differentiate(make(), [X, Y]);
    assertAlmostEquals(value, expected.loss, 1e-5 * expected.loss);
    for (const side of [0, 1]) {
      const norm = expected.gradFro[side]!;
      assertAlmostEquals(Math.hypot(...gradients[side]!), norm, 1e-4 * norm);
      assertClose(gradients[side]!.slice(0, 4), expected.gradRow0[side]!, 1e-4);
    }
  });
}

const [a, b] = [randomRows(1, 5, 3), randomRows(2, 5, 3)];
const shapes = [
  ["pairs", [a, b]],
  ["more references than anchors", [a, randomRows(3, 8, 3)]],
  ["further matrices of hard negatives", [a, b, randomRows(4, 5, 3), randomRows(5, 2, 3)]],
  ["one pair and a hard negative", [a.slice(0, 1), b.slice(0, 1), randomRows(6, 1, 3)]],
] as const;
for (const [name, matrices] of shapes) {
  for (const similarity of ["cosine", "dot"] as const) {
    engineTest(
      `infoNCE() with ${similarity} similarity agrees with naive loops and finite differences: ${name}`,
      () => {
        const loss = infoNCE({ temperature: 0.3, similarity });
        const { value, gradients } = differentiate(loss, matrices);
        assertAlmostEquals(value, naive(matrices, 0.3, similarity), 1e-5);
        assertAlmostEquals(valueOf(loss, matrices), value, 1e-6);
        const expected = finiteDifferences((x) => naive(x, 0.3, similarity), matrices);
        assertClose(gradients.flat(), expected.flat(), 1e-5);
      },
    );
  }
  engineTest(`symmetric() agrees with naive loops and finite differences: ${name}`, () => {
    const { value, gradients } = differentiate(symmetric(infoNCE({ temperature: 0.3 })), matrices);
    assertAlmostEquals(value, naiveSymmetric(matrices, 0.3), 1e-5);
    const expected = finiteDifferences((x) => naiveSymmetric(x, 0.3), matrices);
    assertClose(gradients.flat(), expected.flat(), 1e-5);
  });
}

engineTest("infoNCE() scales its gradient with what is made of it", () => {
  const rows = [matrix(a), matrix(b)];
  const loss = infoNCE();
  const [once] = tf.grads((x, y) => loss([x as tf.Tensor2D, y as tf.Tensor2D], context))(rows);
  const [twice] = tf.grads((x, y) => tf.mul(loss([x as tf.Tensor2D, y as tf.Tensor2D], context), -3))(rows);
  assertClose(twice!, tf.mul(once!, -3), 1e-6);
});

engineTest("infoNCE() stays finite and right at a temperature of 0.01", () => {
  const loss = infoNCE({ temperature: 0.01 });
  // Every similarity is 1, then every positive is the opposite of its anchor.
  const same = Array.from({ length: 4 }, () => [1, 2, 3]);
  assertAlmostEquals(valueOf(loss, [same, same]), Math.log(4), 1e-4);
  const rows = [[1, 0], [-1, 0]];
  const { value, gradients } = differentiate(loss, [rows, [rows[1]!, rows[0]!]]);
  assertAlmostEquals(value, 200, 1e-3);
  for (const entry of gradients.flat()) assert(Number.isFinite(entry));
});

engineTest("infoNCE() gives a row of zeros the similarity 0 and no gradient", () => {
  const matrices = [[[0, 0, 0], ...a.slice(1)], [...b.slice(0, 4), [0, 0, 0]]];
  const { value, gradients } = differentiate(infoNCE({ temperature: 0.3 }), matrices);
  assertAlmostEquals(value, naive(matrices, 0.3), 1e-5);
  assertEquals(gradients[0]!.slice(0, 3).map(Math.abs), [0, 0, 0]);
  assertEquals(gradients[1]!.slice(12).map(Math.abs), [0, 0, 0]);
  assert(gradients.flat().every(Number.isFinite));
});

engineTest("infoNCE() does not hide a representation that is not a number", () => {
  assert(Number.isNaN(valueOf(infoNCE(), [[[NaN, 1], [1, 0]], [[1, 1], [0, 1]]])));
});

engineTest("infoNCE() does not depend on the order of pairs or of hard negatives, nor on the length of rows", () => {
  const hard = randomRows(7, 4, 3);
  const order = [3, 0, 4, 1, 2];
  const loss = infoNCE({ temperature: 0.2 });
  const straight = differentiate(loss, [a, b, hard]);
  const permuted = differentiate(loss, [order.map((i) => a[i]!), order.map((i) => b[i]!), hard.toReversed()]);
  assertAlmostEquals(permuted.value, straight.value, 1e-6);
  const row = (gradient: number[], i: number) => gradient.slice(3 * i, 3 * i + 3);
  for (const [to, from] of order.entries()) {
    assertClose(row(permuted.gradients[0]!, to), row(straight.gradients[0]!, from), 1e-5);
    assertClose(row(permuted.gradients[1]!, to), row(straight.gradients[1]!, from), 1e-5);
  }
  const longer = a.map((values, i) => values.map((x) => x * (i + 1)));
  assertAlmostEquals(valueOf(loss, [longer, b, hard]), straight.value, 1e-5);
});

engineTest("infoNCE() counts hard negatives against every anchor", () => {
  const loss = infoNCE({ temperature: 0.2 });
  const hard = randomRows(8, 3, 3);
  assertAlmostEquals(valueOf(loss, [a, [...b, ...hard]]), valueOf(loss, [a, b, hard]), 1e-6);
  assert(valueOf(loss, [a, b, hard]) > valueOf(loss, [a, b]));
});

engineTest("infoNCE() leaves nothing behind but its value, with and without a tape", () => {
  const temperature = learnableTemperature();
  const rows = [matrix(a), matrix(b)];
  for (const loss of [infoNCE(), infoNCE({ similarity: "dot" }), symmetric(infoNCE({ temperature }))]) {
    assertNewTensors(1, () => loss(rows, context)).dispose();
    const gradients = assertNewTensors(
      2,
      () => tf.grads((x, y) => loss([x as tf.Tensor2D, y as tf.Tensor2D], context))(rows),
    );
    tf.dispose(gradients);
  }
  for (const matrix of rows) assert(!matrix.isDisposed);
});

engineTest("infoNCE() holds two similarity matrices at most and keeps none for the backward pass", async () => {
  const [n, d] = [256, 4];
  const rows = [matrix(randomRows(1, n, d)), matrix(randomRows(2, n, d))];
  const square = 4 * n * n;
  const narrow = 4 * n * d;
  for (const loss of [infoNCE(), symmetric(infoNCE())]) {
    const held = tf.memory().numBytes;
    const kept: number[] = [];
    const { peakBytes } = await tf.profile(() =>
      tf.grads((x, y) => {
        const value = loss([x as tf.Tensor2D, y as tf.Tensor2D], context);
        kept.push(tf.memory().numBytes - held);
        return value;
      })(rows)
    );
    assert(peakBytes - held < 2 * square + 60 * narrow, `peak of ${(peakBytes - held) / square} matrices`);
    assert(peakBytes - held > 2 * square, "the profile must have seen the matrices");
    assert(kept[0]! < square, `${kept[0]! / square} matrices kept for the backward pass`);
  }
});

engineTest("infoNCE() names what does not fit", () => {
  const loss = infoNCE();
  const two = tf.ones([2, 3]) as tf.Tensor2D;
  assertThrows(() => loss([two], context), TypeError, "got 1 matrices, expected anchors and references");
  assertThrows(() => loss([two, tf.ones([2, 4])], context), RangeError, "input 1 is 4 wide, expected 3");
  assertThrows(() => loss([two, two, tf.ones([2, 4])], context), RangeError, "input 2 is 4 wide");
  assertThrows(() => loss([two, tf.ones([1, 3])], context), RangeError, "1 references for 2 anchors");
  assertThrows(() => loss([two, tf.ones<tf.Rank>([6]) as tf.Tensor2D], context), TypeError, "input 1 has shape [6]");
  assertThrows(() => loss([tf.zeros([0, 3]), two], context), RangeError, "there are no anchors");
  assertThrows(() => symmetric(loss)([two], context), TypeError, "got 1 matrices");
  for (const temperature of [0, -1, NaN, Infinity]) {
    assertThrows(() => infoNCE({ temperature }), RangeError, `temperature is ${temperature}`);
  }
  assertThrows(() => infoNCE({ similarity: "euclid" as "dot" }), RangeError, "similarity is euclid");
});
