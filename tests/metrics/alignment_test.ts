import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { key } from "../../core/key.ts";
import { normal } from "../../core/stream.ts";
import { alignment, featureDrift } from "../../metrics/mod.ts";
import { engineTest } from "../support/mod.ts";

function random(seed: number, rows: number, dim: number): tf.Tensor2D {
  return tf.tensor2d(normal(key(seed), [0], rows * dim), [rows, dim]);
}

function unit(row: number[]): number[] {
  const length = Math.hypot(...row);
  return row.map((x) => length > 0 ? x / length : 0);
}

/** The mean of ‖x - y‖^α by a plain loop. */
function naive(x: number[][], y: number[][], { alpha, normalize }: { alpha: number; normalize: boolean }): number {
  let sum = 0;
  x.forEach((row, i) => {
    const [a, b] = normalize ? [unit(row), unit(y[i]!)] : [row, y[i]!];
    sum += Math.hypot(...a.map((value, j) => value - b[j]!)) ** alpha;
  });
  return sum / x.length;
}

engineTest("alignment() is the mean distance of pairs, for every block size, zero rows included", async () => {
  const x = tf.concat([random(1, 40, 6), tf.zeros([2, 6])]) as tf.Tensor2D;
  const y = tf.concat([random(2, 41, 6), tf.zeros([1, 6])]) as tf.Tensor2D;
  const [rows, others] = [x.arraySync(), y.arraySync()];
  for (const alpha of [0.5, 1, 2, 3]) {
    for (const normalize of [true, false]) {
      const expected = naive(rows, others, { alpha, normalize });
      for (const block of [1, 7, 42]) {
        assertAlmostEquals(await alignment(x, y, { alpha, normalize, block }), expected, 1e-5 * expected);
      }
    }
  }
  const byDefault = await alignment(x, y);
  assertEquals(byDefault, await alignment(x, y, { alpha: 2, normalize: true, block: 1024 }));
  assertEquals(await alignment(x, x), 0);
});

engineTest("featureDrift() is the mean squared distance, plain and of rows of length 1", async () => {
  const earlier = random(3, 30, 5);
  const later = tf.add(earlier, tf.mul(random(4, 30, 5), 0.1)) as tf.Tensor2D;
  const [a, b] = [earlier.arraySync(), later.arraySync()];
  for (const block of [1, 7, 30, 1024]) {
    const { plain, normalized } = await featureDrift(earlier, later, { block });
    assertAlmostEquals(plain, naive(a, b, { alpha: 2, normalize: false }), 1e-6);
    assertAlmostEquals(normalized, naive(a, b, { alpha: 2, normalize: true }), 1e-6);
  }
  const scaled = await featureDrift(earlier, tf.mul(earlier, 3) as tf.Tensor2D);
  assert(scaled.plain > 1 && scaled.normalized < 1e-12);
  const opposite = await featureDrift(earlier, tf.neg(earlier) as tf.Tensor2D);
  assertAlmostEquals(opposite.normalized, 4, 1e-5);
  assertEquals(await featureDrift(earlier, earlier), { plain: 0, normalized: 0 });
});

engineTest("alignment() and featureDrift() hold no whole matrix, and leave nothing behind", async () => {
  const [x, y] = [random(5, 2048, 8), random(6, 2048, 8)];
  const { numTensors, numBytes } = tf.memory();
  for (const run of [() => alignment(x, y, { block: 64 }), () => featureDrift(x, y, { block: 64 })]) {
    const { peakBytes } = await tf.profile(async () => {
      await run();
    });
    assert(peakBytes - numBytes < 10 * 64 * 8 * 4, `${peakBytes - numBytes} bytes`);
    assertEquals(tf.memory().numTensors, numTensors);
  }
});

engineTest("alignment() and featureDrift() name what does not fit", async () => {
  const [three, four] = [tf.ones([3, 2]) as tf.Tensor2D, tf.ones([4, 2]) as tf.Tensor2D];
  const attempts: [() => Promise<unknown>, string][] = [
    [() => alignment(three, four), "Cannot measure alignment: y has 4 rows, expected 3"],
    [() => alignment(three, tf.ones([3, 5])), "Cannot measure alignment: y are 5 wide, expected 2 as the x"],
    [() => alignment(tf.zeros([0, 2]), three), "x has shape [0,2]"],
    [() => alignment(three, three, { alpha: 0 }), "alpha is 0, expected a number above 0"],
    [() => alignment(three, three, { block: 0 }), "block is 0, expected an integer of at least 1"],
    [() => featureDrift(three, four), "Cannot measure drift: later has 4 rows, expected 3"],
    [() => featureDrift(three, tf.ones([3]) as unknown as tf.Tensor2D), "later has shape [3]"],
    [() => featureDrift(three, three, { block: 1.5 }), "block is 1.5"],
  ];
  for (const [run, message] of attempts) await assertRejects(run, RangeError, message);
});
