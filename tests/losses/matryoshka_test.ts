import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { cachedStep, type Loss, measurePeak } from "../../core/mod.ts";
import { withGradient } from "../../core/ops/custom_gradient.ts";
import { matryoshka } from "../../losses/matryoshka.ts";
import { infoNCE, learnableTemperature, symmetric } from "../../losses/mod.ts";
import { assertClose, assertNewTensors, engineTest, tinyEncoder } from "../support/mod.ts";
import { assertChunksAgree } from "./_moments_support.ts";
import { context, differentiate, finiteDifferences, matrix, randomRows, type Rows, valueOf } from "./_support.ts";

const [a, b] = [randomRows(1, 5, 6), randomRows(2, 5, 6)];
const cut = (matrices: readonly Rows[], dim: number) => matrices.map((rows) => rows.map((row) => row.slice(0, dim)));

/** The mean over examples of the cubed distances of two views along each column, which all columns share alike. */
const cubes: Loss = ([x, y]) => tf.tidy(() => tf.mean(tf.pow(tf.sum(tf.square(tf.sub(x!, y!)), 1), 1.5)));

/** The same by loops, over the prefixes. */
function naive([x, y]: readonly Rows[], dims: readonly number[], weights: readonly number[]): number {
  let total = 0;
  dims.forEach((dim, i) => {
    for (const [r, row] of x!.entries()) {
      let squared = 0;
      for (let k = 0; k < dim; k++) squared += (row[k]! - y![r]![k]!) ** 2;
      total += weights[i]! * squared ** 1.5 / x!.length;
    }
  });
  return total;
}

for (
  const [dims, weights] of [[[2, 5], undefined], [[4, 1, 6], [0.5, 2, 0.1]], [[6], [3]], [[3], undefined]] as const
) {
  engineTest(`matryoshka() agrees with naive loops and finite differences: dims ${dims}, weights ${weights}`, () => {
    const loss = matryoshka(cubes, { dims, ...(weights ? { weights } : {}) });
    const factors = weights ?? dims.map(() => 1);
    const expected = naive([a, b], dims, factors);
    const { value, gradients } = differentiate(loss, [a, b]);
    assertAlmostEquals(value, expected, 1e-6 * expected);
    assertAlmostEquals(valueOf(loss, [a, b]), expected, 1e-6 * expected);
    const slopes = finiteDifferences((x) => naive(x, dims, factors), [a, b]);
    assertClose(gradients.flat(), slopes.flat(), 1e-5);
  });
}

for (
  const [name, inner] of [["infoNCE", infoNCE()], ["symmetric", symmetric(infoNCE({ temperature: 0.2 }))]] as const
) {
  engineTest(`matryoshka() is the weighted sum of ${name}() over the prefixes, and so is its gradient`, () => {
    const [dims, weights] = [[3, 6, 2], [1, 0.25, 2]];
    const { value, gradients } = differentiate(matryoshka(inner, { dims, weights }), [a, b]);
    let expected = 0;
    const sums = [a, b].map((rows) => rows.map((row) => row.map(() => 0)));
    dims.forEach((dim, i) => {
      const at = differentiate(inner, cut([a, b], dim));
      expected += weights[i]! * at.value;
      at.gradients.forEach((gradient, m) =>
        gradient.forEach((x, k) => sums[m]![Math.floor(k / dim)]![k % dim]! += weights[i]! * x)
      );
    });
    assertAlmostEquals(value, expected, 1e-6 * expected);
    assertClose(gradients.flat(), sums.flat(2), 1e-6);
  });
}

engineTest("matryoshka() gives a column the gradient of the widths that it is part of, and no other", () => {
  const columns = (gradient: number[], from: number, to: number) =>
    gradient.filter((_, i) => i % 6 >= from && i % 6 < to);
  const both = differentiate(matryoshka(infoNCE(), { dims: [2, 4] }), [a, b]);
  const wide = differentiate(matryoshka(infoNCE(), { dims: [4] }), [a, b]);
  for (const side of [0, 1]) {
    assertClose(columns(both.gradients[side]!, 2, 4), columns(wide.gradients[side]!, 2, 4), 1e-6);
    assert(columns(both.gradients[side]!, 4, 6).every((x) => x === 0));
    assert(columns(both.gradients[side]!, 0, 2).some((x, i) => x !== columns(wide.gradients[side]!, 0, 2)[i]));
  }
});

engineTest("matryoshka() cuts matrices of different widths and hands its context on", () => {
  const seen: unknown[] = [];
  const loss = matryoshka((matrices, given) => {
    seen.push([matrices.map(({ shape }) => shape), given === context]);
    return tf.scalar(1);
  }, { dims: [3, 2] });
  assertNewTensors(3, () => loss([tf.ones([4, 3]), tf.ones([2, 7])], context)).dispose();
  assertEquals(seen, [[[[4, 3], [2, 3]], true], [[[4, 2], [2, 2]], true]]);
});

engineTest("matryoshka() shares the parameters of its loss", () => {
  const temperature = learnableTemperature({ initial: 0.2 });
  const inner = infoNCE({ temperature });
  const loss = matryoshka(inner, { dims: [2, 6], weights: [1, 3] });
  assert(loss.params === inner.params);
  assertEquals(matryoshka(infoNCE(), { dims: [2] }).params, undefined);
  const [whole] = differentiate(loss, [a, b]).params;
  const [narrow] = differentiate(inner, cut([a, b], 2)).params;
  const [wide] = differentiate(inner, [a, b]).params;
  assertAlmostEquals(whole![0]!, narrow![0]! + 3 * wide![0]!, 1e-5);
  const step = cachedStep({ encoders: [tinyEncoder({ dim: 6 })], loss, chunkSize: 2 });
  assert("loss/logScale" in step.params);
});

engineTest("matryoshka() keeps no copies of what it cuts", () => {
  const [n, d] = [200, 16];
  const rows = matrix(randomRows(1, n, d));
  const total: Loss = ([z]) =>
    withGradient([z!], () => ({
      value: tf.sum(z!),
      pullBack: (cotangent) => [tf.mul(tf.ones(z!.shape), cotangent)],
    })) as tf.Scalar;
  const loss = matryoshka(total, { dims: [4, 8, 16] });
  const held = tf.memory().numBytes;
  const kept: number[] = [];
  tf.grad((x) => {
    const value = loss([x as tf.Tensor2D], context);
    kept.push(tf.memory().numBytes - held);
    return value;
  })(rows).dispose();
  assertLess(kept[0]!, 4 * n);
});

engineTest("matryoshka() takes at a time what its loss takes at one width", async () => {
  const [n, d] = [256, 4];
  const rows = matrix(randomRows(1, n, d));
  const products: Loss = ([z]) => tf.sum(tf.square(tf.matMul(z!, tf.transpose(z!))));
  const peak = async (loss: Loss) => (await measurePeak(() => tf.tidy(() => void loss([rows], context)))).peakBytes / 4;
  const one = await peak(products);
  assert(one > 2 * n * n, "the peak must have seen the products");
  assertLess(await peak(matryoshka(products, { dims: [1, 2, 3, 4] })), one + 4 * n * d);
});

engineTest("matryoshka() leaves nothing behind but its value, also when its loss throws", () => {
  const rows = [matrix(a), matrix(b)];
  const loss = matryoshka(infoNCE(), { dims: [2, 6] });
  assertNewTensors(1, () => loss(rows, context)).dispose();
  tf.dispose(
    assertNewTensors(2, () => tf.grads((x, y) => loss([x as tf.Tensor2D, y as tf.Tensor2D], context))(rows)),
  );
  const broken = matryoshka(([x]) => {
    if (x!.shape[1] === 6) throw new Error("too wide");
    return tf.sum(x!);
  }, { dims: [2, 6] });
  assertNewTensors(0, () => assertThrows(() => broken(rows, context), Error, "too wide"));
  for (const matrix of rows) assert(!matrix.isDisposed);
});

engineTest("matryoshka() agrees with the full step in chunks", () => {
  const temperature = learnableTemperature({ initial: 0.3 });
  assertChunksAgree(matryoshka(infoNCE({ temperature }), { dims: [3, 1], weights: [1, 0.5] }), 2);
  temperature.dispose();
});

engineTest("matryoshka() names what does not fit", () => {
  const loss = matryoshka(infoNCE(), { dims: [2, 4] });
  const fine = tf.ones([3, 4]) as tf.Tensor2D;
  assertThrows(() => loss([fine, tf.ones([3, 3])], context), RangeError, "input 1 is 3 wide, expected at least 4");
  assertThrows(() => loss([tf.ones<tf.Rank>([6]) as tf.Tensor2D], context), TypeError, "input 0 has shape [6]");
});

Deno.test("matryoshka() refuses impossible options", () => {
  const make = (dims: number[], weights?: number[]) => () =>
    matryoshka(infoNCE(), { dims, ...(weights ? { weights } : {}) });
  assertThrows(make([]), RangeError, "dims is empty");
  for (const dim of [0, -2, 1.5, NaN]) {
    assertThrows(make([4, dim]), RangeError, `dims[1] is ${dim}, expected an integer`);
  }
  assertThrows(make([4, 2, 4]), RangeError, "dims has 4 twice");
  assertThrows(make([4, 2], [1]), RangeError, "got 1 weights, expected 2");
  for (const weight of [-1, NaN, Infinity]) {
    assertThrows(make([4, 2], [1, weight]), RangeError, `weights[1] is ${weight}, expected a finite number`);
  }
  assertThrows(() => matryoshka(3 as unknown as Loss, { dims: [2] }), TypeError, "loss is number, expected a function");
});
