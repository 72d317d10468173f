import { assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { cumulativeHistogram, type Tensor2D } from "../../core/mod.ts";
import { assertClose, assertNewTensors, engineTest, randomMatrix } from "../support/mod.ts";
import { compare, tapeBytes } from "./_ops_support.ts";

const bins = { from: 1.5, to: -1, steps: 5 };
const width = 0.5;

function some(rows: number, columns: number): Tensor2D {
  return tf.tidy(() => tf.greater(randomMatrix(3, rows, columns), -0.5)) as Tensor2D;
}

/** Triangles around the centers, added up, of the engine's ops; only values inside of the bins. */
function composed(x: Tensor2D, mask: Tensor2D): Tensor2D {
  const triangles = Array.from({ length: bins.steps + 1 }, (_, l) => {
    const near = tf.relu(tf.sub(1, tf.div(tf.abs(tf.sub(x, bins.from - l * width)), width)));
    return tf.sum(tf.mul(near, tf.cast(mask, "float32")), 1, true) as Tensor2D;
  });
  return tf.concat(triangles.map((_, l) => tf.addN(triangles.slice(0, l + 1)) as Tensor2D), 1);
}

engineTest("cumulativeHistogram() and its gradient agree with triangles added up", () => {
  tf.tidy(() => {
    const mask = some(4, 30);
    const inside = (x: tf.Tensor) => tf.add(tf.mul(tf.sigmoid(x), 2.5), -1) as Tensor2D;
    compare((x) => tf.tidy(() => cumulativeHistogram(inside(x!), mask, bins)), (x) => composed(inside(x!), mask), [[
      4,
      30,
    ]]);
  });
});

engineTest(
  "cumulativeHistogram() counts what is before the first center and beyond the last, without a gradient",
  () => {
    tf.tidy(() => {
      const x = tf.tensor2d([[-7, 0, 0.5, 2, 2.5]]);
      const run = (x: tf.Tensor) =>
        cumulativeHistogram(x as Tensor2D, tf.ones([1, 5], "bool"), { from: 0, to: 2, steps: 2 });
      assertEquals(run(x).arraySync(), [[2.5, 3, 5]]);
      const gradient = tf.grad(run)(x, tf.tensor2d([[1, 10, 100]]));
      // From a center on the slope is that of the step behind it.
      assertClose(gradient, [0, -1, -1, 0, 0], 1e-6);
    });
  },
);

engineTest("cumulativeHistogram() of no entry is 0", () => {
  tf.tidy(() => {
    const value = cumulativeHistogram(tf.ones([2, 3]), tf.zeros([2, 3], "bool"), bins);
    assertEquals(value.arraySync(), [[0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]]);
  });
});

engineTest("cumulativeHistogram() shows entries that are not a number in the last bin", () => {
  tf.tidy(() => {
    const x = tf.tensor2d([[NaN, 0], [NaN, 0]]);
    const value = cumulativeHistogram(x, tf.tensor2d([[1, 1], [0, 1]], [2, 2], "bool"), { from: 0, to: 1, steps: 1 });
    assertEquals(value.arraySync().map((row) => row[1]), [NaN, 1]);
  });
});

engineTest("cumulativeHistogram() leaves its value only and keeps one matrix on the tape", () => {
  tf.tidy(() => {
    const [x, mask] = [randomMatrix(1, 8, 64), some(8, 64)];
    assertNewTensors(1, () => cumulativeHistogram(x, mask, bins));
    assertEquals(tapeBytes((x) => cumulativeHistogram(x as Tensor2D, mask, bins), x), 4 * 8 * 64);
  });
});

engineTest("cumulativeHistogram() refuses more bins than float32 can number", () => {
  tf.tidy(() => {
    const [x, mask] = [tf.ones([4096, 1]) as Tensor2D, tf.ones([4096, 1], "bool") as Tensor2D];
    const run = () => cumulativeHistogram(x, mask, { from: 0, to: 1, steps: 4096 });
    assertThrows(run, RangeError, "4096 rows of 4097 bins");
  });
});
