import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { pullback } from "../../core/_autodiff.ts";
import { lookup } from "../../core/mod.ts";
import { assertClose, assertNewTensors, engineTest, randomMatrix } from "../support/mod.ts";

engineTest("pullback() agrees with TensorFlow.js for tensors that are used more than once", () => {
  tf.tidy(() => {
    const [a, b] = [randomMatrix(1, 3, 4), randomMatrix(2, 3, 4)];
    const run = (x: tf.Tensor, y: tf.Tensor) => tf.tanh(tf.add(tf.mul(x, x), tf.mul(y, tf.add(x, y))));
    const cotangent = randomMatrix(3, 3, 4);
    const [da, db] = tf.grads((x, y) => run(x!, y!))([a, b], cotangent);
    const { value, gradients } = pullback(() => run(a, b), () => [a, b], () => tf.clone(cotangent));
    assertClose(value, run(a, b), 0);
    assertClose(gradients[0]!, da!, 1e-6);
    assertClose(gradients[1]!, db!, 1e-6);
  });
});

engineTest("pullback() passes gradients through split, concat, addN and reshape", () => {
  tf.tidy(() => {
    const a = randomMatrix(1, 3, 4);
    const run = (x: tf.Tensor) => {
      const [left, right] = tf.split(x, 2, 1);
      return tf.sum(
        tf.square(tf.concat([tf.tanh(left!), tf.reshape(right!, [3, 2]), tf.addN([left!, right!, left!])], 1)),
      );
    };
    const { gradients } = pullback(() => run(a), () => [a]);
    assertClose(gradients[0]!, tf.grad(run)(a), 1e-6);
  });
});

engineTest("pullback() differentiates with respect to what the function computed on the way", () => {
  tf.tidy(() => {
    const a = randomMatrix(1, 3, 4);
    let middle: tf.Tensor | undefined;
    const { gradients } = pullback(
      () => tf.sum(tf.square(middle = tf.mul(a, 3))),
      () => [middle!, a],
    );
    assertClose(gradients[0]!, tf.mul(a, 6), 1e-6);
    assertClose(gradients[1]!, tf.mul(a, 18), 1e-6);
  });
});

engineTest("pullback() gives nothing for a target that the value does not depend on", () => {
  tf.tidy(() => {
    const [a, b] = [randomMatrix(1, 3, 4), randomMatrix(2, 3, 4)];
    const { gradients } = pullback(() => tf.sum(a), () => [b, a]);
    assertEquals(gradients[0], undefined);
    assertEquals(gradients[1]!.dataSync(), new Float32Array(12).fill(1));
  });
});

engineTest("pullback() leaves the value and the gradients, and nothing when the function throws", () => {
  const [a, b] = [randomMatrix(1, 3, 4), randomMatrix(2, 3, 4)];
  const { value, gradients } = assertNewTensors(3, () => pullback(() => tf.sum(tf.tanh(tf.mul(a, b))), () => [a, b]));
  tf.dispose([value, gradients[0]!, gradients[1]!]);
  assertNewTensors(0, () =>
    assertThrows(
      () =>
        pullback(() => {
          tf.tanh(tf.mul(a, b));
          throw new RangeError("stop");
        }, () => [a]),
      RangeError,
      "stop",
    ));
  assertNewTensors(
    0,
    () =>
      assertThrows(
        () => pullback(() => tf.sum(tf.cast(tf.greater(a, b), "float32")), () => [a]),
        Error,
        "Greater has no gradient",
      ),
  );
  assertThrows(() => tf.grad((x) => pullback(() => tf.sum(x), () => [x]).value)(a), Error, "steps do not nest");
});

engineTest("pullback() needs less memory than TensorFlow.js's gradients for a deep function", async () => {
  const x = randomMatrix(1, 64, 64);
  const deep = (z: tf.Tensor) => {
    for (let i = 0; i < 20; i++) z = tf.tanh(z);
    return tf.sum(z) as tf.Scalar;
  };
  const held = tf.memory().numBytes;
  const own = await tf.profile(() => tf.dispose(pullback(() => deep(x), () => [x]) as unknown as tf.TensorContainer));
  const stock = await tf.profile(() => tf.dispose(tf.valueAndGrad(deep)(x)));
  assertGreater(own.peakBytes, held);
  assertLess(own.peakBytes - held, (stock.peakBytes - held) * 1.01);
});

engineTest("lookup() agrees with a product by one-hot rows, value and gradient", () => {
  tf.tidy(() => {
    const table = tf.variable(randomMatrix(1, 5, 3));
    const ids = tf.tensor2d([[0, 1, 1], [4, 1, 0]], [2, 3], "int32");
    const weights = tf.reshape(randomMatrix(2, 6, 3), [2, 3, 3]);
    const oneHot = (t: tf.Tensor) =>
      tf.reshape(tf.matMul(tf.cast(tf.oneHot(tf.reshape(ids, [-1]) as tf.Tensor1D, 5), "float32"), t as tf.Tensor2D), [
        2,
        3,
        3,
      ]);
    assertClose(lookup(table, ids), oneHot(table as tf.Tensor), 1e-7);
    const { grads } = tf.variableGrads(() => tf.sum(tf.mul(lookup(table, ids), weights)), [table]);
    assertClose(grads[table.name]!, tf.grad((t) => tf.sum(tf.mul(oneHot(t), weights)))(table as tf.Tensor), 1e-6);
    table.dispose();
  });
});

engineTest("lookup() refuses a table that is no matrix and ids that are no integers", () => {
  tf.tidy(() => {
    const table = tf.variable(randomMatrix(1, 5, 3));
    assertThrows(() => lookup(table, tf.tensor1d([0.5])), TypeError, "ids are float32");
    assertThrows(() => lookup(tf.variable(tf.ones([3])), tf.tensor1d([0], "int32")), TypeError, "shape [3]");
  });
});

engineTest("pullback() takes gradients that are a saved tensor or the cotangent itself", () => {
  tf.tidy(() => {
    const a = randomMatrix(1, 3, 4);
    const saved = tf.customGrad((x, save) => {
      (save as tf.GradSaveFunc)([tf.mul(x as tf.Tensor, 2)]);
      return { value: tf.sum(tf.square(x as tf.Tensor)), gradFunc: (_, [twice]) => twice! };
    });
    const through = tf.customGrad((x) => ({ value: tf.clone(x as tf.Tensor), gradFunc: (dy) => dy }));
    const { gradients } = pullback(() => saved(through(a)), () => [a]);
    assertClose(gradients[0]!, tf.mul(a, 2), 1e-6);
  });
});
