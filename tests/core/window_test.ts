import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { key, measurePeakSync, normal } from "../../core/mod.ts";
import { windowOf, windowOperand } from "../../core/tiles/_window.ts";
import { assertNewTensors, engineTest, relativeDistance } from "../support/mod.ts";

const random = (seed: number, rows: number, dim: number) =>
  tf.tensor2d(normal(key(seed), [0], rows * dim), [rows, dim]);

engineTest("a window of a table is compared as a copy of it would be", () => {
  for (const [dim, first, count] of [[3, 0, 7], [5, 2, 9], [4, 3, 0], [300, 100, 2000]] as const) {
    tf.tidy(() => {
      const table = random(1, first + count + 2, dim);
      const [own, factor] = [random(2, 3, dim), random(3, 2, count)];
      for (const similarity of ["cosine", "dot"] as const) {
        const cut = tf.slice(table, [first, 0], [count, dim]);
        const rows = similarity === "cosine" ? tf.div<tf.Tensor2D>(cut, tf.norm(cut, 2, 1, true)) : cut;
        const window = windowOperand({ table, first, count }, similarity);
        const pairs = [
          [window.compared(), rows],
          [window.compare(own), tf.matMul(own, rows, false, true)],
          [window.multiply(factor), count === 0 ? tf.zeros([2, dim]) : tf.matMul(factor, rows)],
        ] as const;
        for (const [actual, expected] of pairs) {
          assertEquals(actual.shape, expected.shape);
          assert(relativeDistance(actual.dataSync(), expected.dataSync()) < 1e-5);
        }
        window.close();
      }
    });
  }
});

engineTest("a window leaves nothing behind, and no copy of its rows stands", () => {
  tf.tidy(() => {
    const [rows, dim, some] = [20_000, 128, 4];
    const table = random(1, rows, dim);
    const own = random(2, some, dim);
    const { peakBytes } = measurePeakSync(() =>
      assertNewTensors(0, () => {
        const window = windowOperand(windowOf(table), "cosine");
        const products = window.compare(own);
        tf.dispose([products, window.multiply(products)]);
        window.close();
      })
    );
    assert(peakBytes < table.size * 4 / 2, `${peakBytes} bytes`);
  });
});

engineTest("a window of zeros has products of 0", () => {
  tf.tidy(() => {
    const window = windowOperand(windowOf(tf.zeros([3, 2])), "cosine");
    assertEquals(window.compare(tf.ones([1, 2])).arraySync(), [[0, 0, 0]]);
    window.close();
  });
});
