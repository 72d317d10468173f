import { assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { measurePeak, sumOverPositives } from "../../core/mod.ts";
import { assertClose, assertNewTensors, engineTest, randomMatrix } from "../support/mod.ts";

const [rows, columns, dim] = [3, 5, 2];
const mask = [[0, 1, 1, 0, 1], [0, 0, 0, 0, 0], [1, 0, 0, 1, 0]];

/** Σ over the positives p of each anchor a of w (aᵀp)² + Σ_r sin(pᵀr), without slots. */
function direct(anchors: tf.Tensor2D, references: tf.Tensor2D, weight: tf.Tensor, positive: tf.Tensor2D): tf.Scalar {
  const near = tf.mul(tf.square(tf.matMul(anchors, references, false, true)), weight);
  const ofPositive = tf.sum(tf.sin(tf.matMul(references, references, false, true)), 1);
  return tf.sum(tf.mul(tf.add(near, ofPositive), positive)) as tf.Scalar;
}

function bySlots(anchors: tf.Tensor2D, references: tf.Tensor2D, weight: tf.Tensor, positive: tf.Tensor2D) {
  const inputs = [anchors, weight];
  return sumOverPositives(
    { positive: tf.cast(positive, "bool"), references, inputs },
    ({ rows, similarity, valid }) => {
      const near = tf.mul(tf.square(tf.sum(tf.mul(anchors, rows), 1, true)), weight);
      const is = tf.cast(valid, "float32");
      const terms = tf.mul(tf.add(near, tf.sum(tf.sin(similarity), 1, true)), is);
      return { sum: tf.sum(terms) as tf.Scalar, count: tf.sum(is) as tf.Scalar };
    },
  );
}

engineTest("sumOverPositives() and its gradients agree with the sum at once", () => {
  tf.tidy(() => {
    const given = [randomMatrix(1, rows, dim), randomMatrix(2, columns, dim), tf.scalar(0.7)];
    for (const positives of [mask, mask.map((row) => row.map(() => 0)), mask.map((row) => row.map(() => 1))]) {
      const positive = tf.tensor2d(positives);
      const of = (run: (...xs: Parameters<typeof direct>) => tf.Scalar) =>
        tf.valueAndGrads((a, r, w) => run(a as tf.Tensor2D, r as tf.Tensor2D, w!, positive))(given);
      const expected = of(direct);
      // Another factor than 1 flows back.
      const actual = of((...xs) => tf.mul(bySlots(...xs).sum, 3));
      assertClose(tf.div(actual.value, 3), expected.value, 1e-5);
      actual.grads.forEach((gradient, i) => assertClose(tf.div(gradient, 3), expected.grads[i]!, 1e-5));
      const untaped = bySlots(given[0] as tf.Tensor2D, given[1] as tf.Tensor2D, given[2]!, positive);
      assertClose(untaped.sum, expected.value, 1e-5);
      assertEquals(untaped.count.dataSync()[0], positives.flat().filter((is) => is === 1).length);
    }
  });
});

engineTest("sumOverPositives() gives no gradient to what terms do not depend on", () => {
  tf.tidy(() => {
    const [references, other] = [randomMatrix(1, columns, dim), tf.scalar(2)];
    const positive = tf.tensor2d(mask, [rows, columns], "bool");
    const run = (references: tf.Tensor, other: tf.Tensor) =>
      sumOverPositives({ positive, references: references as tf.Tensor2D, inputs: [other] }, () => ({
        sum: tf.scalar(1),
        count: tf.scalar(1),
      })).sum;
    for (const gradient of tf.grads(run)([references, other])) assertEquals(gradient.abs().max().dataSync()[0], 0);
  });
});

engineTest("sumOverPositives() leaves its sums and gradients only, also when a term throws", () => {
  const [anchors, references, positive] = [
    randomMatrix(1, rows, dim),
    randomMatrix(2, columns, dim),
    tf.tensor2d(mask, [rows, columns], "bool"),
  ];
  const run = (references: tf.Tensor) =>
    sumOverPositives({ positive, references: references as tf.Tensor2D, inputs: [anchors] }, ({ rows }) => ({
      sum: tf.sum(tf.mul(rows, anchors)) as tf.Scalar,
      count: tf.scalar(1),
    })).sum;
  assertNewTensors(1, () => tf.tidy(() => run(references))).dispose();
  assertNewTensors(1, () => tf.grad(run)(references)).dispose();
  const broken = () =>
    tf.grad((references) =>
      sumOverPositives({ positive, references: references as tf.Tensor2D, inputs: [] }, () => {
        throw new RangeError("no");
      }).sum
    )(references);
  assertNewTensors(0, () => assertThrows(broken, RangeError, "no"));
  tf.dispose([anchors, references, positive]);
});

engineTest("sumOverPositives() takes no more memory for more positives", async () => {
  const [anchors, references] = [randomMatrix(1, 4, 8), randomMatrix(2, 200, 8)];
  const peak = async (positives: number) => {
    const positive = tf.tidy(() =>
      tf.tile(tf.less(tf.range(0, 200), positives).reshape([1, 200]), [4, 1])
    ) as tf.Tensor2D;
    const { result, peakBytes } = await measurePeak(() =>
      tf.grad((references) => bySlotsOf(references as tf.Tensor2D, anchors, positive))(references)
    );
    tf.dispose([result, positive]);
    return peakBytes;
  };
  // A slot keeps one row for each anchor, of 8 numbers; a matrix of 4 · 200 would show.
  assertEquals((await peak(22) - await peak(2)) / 20 < 4 * 200 * 4, true);
  tf.dispose([anchors, references]);
});

function bySlotsOf(references: tf.Tensor2D, anchors: tf.Tensor2D, positive: tf.Tensor2D): tf.Scalar {
  return sumOverPositives({ positive, references, inputs: [anchors] }, ({ similarity }) => ({
    sum: tf.sum(tf.sin(similarity)) as tf.Scalar,
    count: tf.scalar(1),
  })).sum;
}
