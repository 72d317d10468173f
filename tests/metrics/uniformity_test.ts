import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { key } from "../../core/key.ts";
import { normal } from "../../core/stream.ts";
import { uniformity, type UniformityOptions } from "../../metrics/mod.ts";
import { engineTest } from "../support/mod.ts";

function random(seed: number, rows: number, dim: number): tf.Tensor2D {
  return tf.tensor2d(normal(key(seed), [0], rows * dim), [rows, dim]);
}

/** log of the mean of exp(-t ‖a - b‖²) over all pairs, by plain loops. */
function naive(rows: number[][], { t, normalize }: { t: number; normalize: boolean }): number {
  const unit = rows.map((row) => row.map((x) => normalize ? x / (Math.hypot(...row) || 1) : x));
  const potentials: number[] = [];
  for (let i = 0; i < rows.length; i++) {
    for (let j = 0; j < i; j++) {
      potentials.push(-t * unit[i]!.reduce((sum, x, d) => sum + (x - unit[j]![d]!) ** 2, 0));
    }
  }
  const most = Math.max(...potentials);
  return most + Math.log(potentials.reduce((sum, x) => sum + Math.exp(x - most), 0) / potentials.length);
}

engineTest("uniformity() is the log of the mean potential, for every block size, zero rows included", async () => {
  const x = tf.concat([random(1, 15, 4), tf.zeros([1, 4])]) as tf.Tensor2D;
  const rows = x.arraySync();
  for (const t of [0.5, 2, 200]) {
    for (const normalize of [true, false]) {
      const expected = naive(rows, { t, normalize });
      for (const block of [1, 7, 15, 1024]) {
        const found = await uniformity(x, { t, normalize, block });
        assertAlmostEquals(found, expected, 1e-5 * Math.max(1, t), `t ${t}, normalize ${normalize}, block ${block}`);
      }
    }
  }
  assertEquals(await uniformity(x), await uniformity(x, { t: 2, normalize: true }));
});

engineTest("uniformity() is 0 for one point, and about -2 t for an even spread in many dimensions", async () => {
  const one = tf.tile(random(2, 1, 50), [40, 1]) as tf.Tensor2D;
  assertAlmostEquals(await uniformity(one, { block: 16 }), 0, 1e-5);
  assertAlmostEquals(await uniformity(random(3, 300, 256), { block: 128 }), -4, 0.05);
});

engineTest("uniformity() survives distances whose potentials are no float32, even no float64", async () => {
  const rows = tf.tensor2d([[0, 0], [100, 0], [0, 200]]);
  // log(exp(-20000) / 3 + …), of which the others are no part that shows.
  assertAlmostEquals(await uniformity(rows, { normalize: false, block: 2 }), -20000 - Math.log(3), 0.01);
});

engineTest("uniformity() holds blocks of pairs only, and leaves nothing behind", async () => {
  const x = random(4, 1024, 4);
  const { numTensors, numBytes } = tf.memory();
  for (const block of [64, 128]) {
    const { peakBytes } = await tf.profile(async () => {
      await uniformity(x, { block });
    });
    const square = 4 * block * block;
    assert(peakBytes - numBytes < 4 * square + 200 * block, `${(peakBytes - numBytes) / square} blocks of ${block}`);
  }
  assertEquals(tf.memory().numTensors, numTensors);
});

engineTest("uniformity() names what does not fit", async () => {
  const three = tf.ones([3, 2]) as tf.Tensor2D;
  const attempts: [tf.Tensor, UniformityOptions, string][] = [
    [tf.ones([1, 2]), {}, "Cannot measure uniformity: x has 1 row, expected at least two"],
    [tf.zeros([0, 2]), {}, "x has shape [0,2]"],
    [tf.ones([3]), {}, "x has shape [3]"],
    [three, { t: 0 }, "t is 0, expected a number above 0"],
    [three, { block: 0 }, "block is 0"],
  ];
  for (const [x, options, message] of attempts) {
    await assertRejects(() => uniformity(x as tf.Tensor2D, options), RangeError, message);
  }
});
