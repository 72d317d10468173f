import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { type Loss, measurePeak } from "../../core/mod.ts";
import { barlowTwins } from "../../losses/barlow_twins.ts";
import { vicReg } from "../../losses/vicreg.ts";
import { assertClose, assertNewTensors, engineTest, randomMatrix } from "../support/mod.ts";
import { fc } from "../support/properties.ts";
import { assertChunksAgree } from "./_moments_support.ts";
import { context, differentiate, matrix, randomRows, type Rows } from "./_support.ts";

const losses: readonly (readonly [string, (options?: { rows?: number }) => Loss])[] = [
  ["vicReg", vicReg],
  ["barlowTwins", barlowTwins],
];
const pull = (loss: Loss, factor = 1) =>
  tf.grads((x, y) => tf.mul(loss([x as tf.Tensor2D, y as tf.Tensor2D], context), factor));

for (const [name, make] of losses) {
  engineTest(`${name}() does not depend on the size of blocks`, () => {
    // Views that correlate, far from 0.
    const a = randomRows(1, 301, 5).map((row) => row.map((x) => 0.5 * x + 3));
    const b = randomRows(2, 301, 5).map((row, i) => row.map((x, j) => 0.2 * x + a[i]![j]!));
    const whole = differentiate(make({ rows: 301 }), [a, b]);
    for (const rows of [1, 7, 64, 300, 1000]) {
      const { value, gradients } = differentiate(make({ rows }), [a, b]);
      assertAlmostEquals(value, whole.value, 1e-6 * whole.value);
      for (const side of [0, 1]) assertClose(gradients[side]!, whole.gradients[side]!, 1e-6);
    }
  });

  engineTest(`${name}() does not depend on the size of blocks, for any shape`, () => {
    const cases = fc.record({
      examples: fc.integer({ min: 2, max: 12 }),
      dim: fc.integer({ min: 1, max: 4 }),
      rows: fc.integer({ min: 1, max: 13 }),
      seed: fc.integer({ min: 0, max: 1000 }),
    });
    fc.assert(
      fc.property(cases, ({ examples, dim, rows, seed }) => {
        const views = [randomRows(seed, examples, dim), randomRows(seed + 1, examples, dim)];
        const whole = differentiate(make(), views);
        const { value, gradients } = differentiate(make({ rows }), views);
        assertAlmostEquals(value, whole.value, 2e-6 * (1 + whole.value));
        // With two examples all gradient of Barlow Twins cancels.
        const size = Math.hypot(...whole.gradients.flat());
        const apart = Math.hypot(...gradients.flat().map((x, i) => x - whole.gradients.flat()[i]!));
        assertLess(apart, 2e-6 * (1 + size));
      }),
      { numRuns: 40 },
    );
  });

  engineTest(`${name}() sums many blocks without losing accuracy`, () => {
    // Copies of a few rows have their moments, but for N - 1.
    const few = [randomMatrix(1, 8, 3), randomMatrix(2, 8, 3)];
    const many = few.map((rows) => tf.tile(rows, [1000, 1]) as tf.Tensor2D);
    const loss = name === "vicReg" ? vicReg({ rows: 8, covariance: 0, target: 0 }) : make({ rows: 8 });
    const [expected] = loss(few, context).dataSync();
    assertAlmostEquals(loss(many, context).dataSync()[0]!, expected!, 3e-7 * expected!);
  });

  engineTest(`${name}() is as accurate far from 0 as at 0`, () => {
    // Sums of powers of two, so that moving rows rounds nothing.
    const round = (rows: Rows) => rows.map((row) => row.map((x) => Math.round(x * 64) / 64));
    const views = [round(randomRows(1, 300, 3)), round(randomRows(2, 300, 3))];
    const moved = views.map((rows) => rows.map((row) => row.map((x) => x + 12345)));
    const here = differentiate(make({ rows: 50 }), views);
    const there = differentiate(make({ rows: 50 }), moved);
    assertAlmostEquals(there.value, here.value, 1e-6 * here.value);
    assertClose(there.gradients.flat(), here.gradients.flat(), 1e-6);
  });

  engineTest(`${name}() does not depend on the order of examples`, () => {
    const [a, b] = [randomRows(1, 9, 3), randomRows(2, 9, 3)];
    const order = [4, 8, 0, 3, 1, 7, 2, 6, 5];
    const loss = make({ rows: 4 });
    const straight = differentiate(loss, [a, b]);
    const permuted = differentiate(loss, [a, b].map((rows) => order.map((i) => rows[i]!)));
    assertAlmostEquals(permuted.value, straight.value, 1e-6 * straight.value);
    for (const side of [0, 1]) {
      const expected = order.flatMap((i) => straight.gradients[side]!.slice(3 * i, 3 * i + 3));
      assertClose(permuted.gradients[side]!, expected, 1e-5);
    }
  });

  engineTest(`${name}() treats its views alike`, () => {
    const [a, b] = [randomRows(1, 9, 3), randomRows(2, 9, 3)];
    const there = differentiate(make(), [a, b]);
    const back = differentiate(make(), [b, a]);
    assertAlmostEquals(back.value, there.value, 1e-6 * there.value);
    assertClose(back.gradients.toReversed().flat(), there.gradients.flat(), 1e-5);
  });

  engineTest(`${name}() stays defined for constant columns and rows of zeros`, () => {
    const varied = randomRows(1, 6, 3);
    const constant = varied.map(([x, , z]) => [x!, 0.1, z!]);
    const zeros = varied.map((row) => row.map(() => 0));
    const someZeros = varied.map((row, i) => i < 2 ? [0, 0, 0] : row);
    for (const views of [[constant, varied], [constant, constant], [zeros, zeros], [someZeros, varied]]) {
      const { value, gradients } = differentiate(make({ rows: 4 }), views);
      assert(Number.isFinite(value));
      assert(gradients.flat().every(Number.isFinite));
    }
  });

  engineTest(`${name}() takes the same tensor for both views`, () => {
    const a = randomRows(1, 6, 3);
    const [first, second] = differentiate(make(), [a, a]).gradients;
    const both = tf.grad((x) => make()([x as tf.Tensor2D, x as tf.Tensor2D], context))(matrix(a));
    const sum = first!.map((x, i) => x + second![i]!);
    // Barlow Twins is near its least there, with hardly any gradient.
    both.dataSync().forEach((x, i) => assertAlmostEquals(x, sum[i]!, 1e-5));
  });

  engineTest(`${name}() scales its gradient with what is made of it`, () => {
    const views = [randomMatrix(1, 9, 3), randomMatrix(2, 9, 3)];
    const once = pull(make({ rows: 4 }))(views);
    const thrice = pull(make({ rows: 4 }), -3)(views);
    once.forEach((gradient, side) => assertClose(thrice[side]!, tf.mul(gradient, -3), 1e-6));
  });

  engineTest(`${name}() does not hide a representation that is not a number`, () => {
    const broken = [[NaN, 1], [1, 0], [0, 2]];
    const fine = [[1, 1], [0, 1], [2, 3]];
    assert(Number.isNaN(differentiate(make(), [broken, fine]).value));
    assert(Number.isNaN(differentiate(make(), [fine, broken]).value));
  });

  engineTest(`${name}() leaves nothing behind but its value, with and without a tape`, () => {
    const views = [randomMatrix(1, 9, 3), randomMatrix(2, 9, 3)];
    const loss = make({ rows: 4 });
    assertNewTensors(1, () => loss(views, context)).dispose();
    tf.dispose(assertNewTensors(2, () => pull(loss)(views)));
    const odd = tf.ones([9, 4]) as tf.Tensor2D;
    assertNewTensors(0, () => assertThrows(() => loss([views[0]!, odd], context)));
    for (const view of views) assert(!view.isDisposed);
  });

  engineTest(`${name}() takes memory for its blocks, two gradients and one more while they are joined`, async () => {
    const [dim, rows] = [8, 16];
    const loss = make({ rows });
    const above = async (examples: number) => {
      const views = [randomMatrix(1, examples, dim), randomMatrix(2, examples, dim)];
      const value = await measurePeak(() => loss(views, context).dispose());
      const gradients = await measurePeak(() => tf.dispose(pull(loss)(views)));
      // The tape's handles of the views are counted, though they share the memory of the views.
      return [value.peakBytes, gradients.peakBytes - (2 + 2 + 1) * 4 * examples * dim];
    };
    const few = await above(16 * rows);
    assertEquals(await above(64 * rows), few);
    for (const bytes of few) assertLess(bytes, 4 * (12 * dim * dim + 12 * rows * dim));
  });

  engineTest(`${name}() agrees with the full step in chunks`, () => assertChunksAgree(make({ rows: 4 }), 2));

  engineTest(`${name}() names what does not fit`, () => {
    const loss = make();
    const view = tf.ones([3, 2]) as tf.Tensor2D;
    const flat = tf.ones<tf.Rank>([6]) as tf.Tensor2D;
    assertThrows(() => loss([view], context), TypeError, "got 1 matrices, expected two views");
    assertThrows(() => loss([view, view, view], context), TypeError, "got 3 matrices, expected two views");
    assertThrows(() => loss([view, flat], context), TypeError, "input 1 has shape [6], expected [examples, dim]");
    assertThrows(() => loss([view, tf.ones([3, 4])], context), RangeError, "shapes [3,2] and [3,4], expected the same");
    assertThrows(() => loss([view, tf.ones([4, 2])], context), RangeError, "shapes [3,2] and [4,2]");
    for (const shape of [[1, 2], [0, 2], [3, 0]] as [number, number][]) {
      const views = [tf.zeros(shape), tf.zeros(shape)] as tf.Tensor2D[];
      assertThrows(() => loss(views, context), RangeError, `views have shape [${shape}], expected at least 2 examples`);
    }
  });
}
