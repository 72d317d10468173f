import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertLess, assertStrictEquals, assertThrows } from "@std/assert";
import { pullback } from "../../core/_autodiff.ts";
import { type Batch, countExamples, leaves, mapTree, sliceExamples } from "../../core/mod.ts";
import { assertClose, assertNewTensors, engineTest, randomMatrix } from "../support/mod.ts";

const tree = () => ({ a: tf.tensor2d([[1, 2], [3, 4], [5, 6]]), b: [tf.tensor1d([7, 8, 9], "int32")] });

engineTest("leaves() lists the tensors of a tree in order", () => {
  const { a, b } = tree();
  assertEquals(leaves({ a, b }), [a, b[0]!]);
  assertStrictEquals(leaves(a)[0], a);
});

engineTest("mapTree() keeps the shape of a tree and names its leaves", () => {
  const names: string[] = [];
  const { a, b } = tree();
  const mapped = mapTree({ a, b }, (leaf, name) => {
    names.push(name);
    return leaf;
  }, "texts");
  assertEquals(mapped, { a, b });
  assertEquals(names, ["texts.a", "texts.b[0]"]);
});

engineTest("sliceExamples() takes the same rows of every tensor, as new tensors of the same type", () => {
  const batch = tree();
  const part = assertNewTensors(2, () => sliceExamples(batch, 1, 2)) as ReturnType<typeof tree>;
  assertEquals(part.a.arraySync(), [[3, 4], [5, 6]]);
  assertEquals(part.b[0]!.arraySync(), [8, 9]);
  assertEquals(part.b[0]!.dtype, "int32");
});

engineTest("sliceExamples() has the gradient of a slice and keeps nothing of the batch on a tape", () => {
  tf.tidy(() => {
    const x = randomMatrix(1, 5, 2);
    const run = (slice: (whole: tf.Tensor) => tf.Tensor) => (whole: tf.Tensor) => tf.sum(tf.square(slice(whole)));
    const gradient = tf.grad(run((whole) => sliceExamples(whole, 1, 3) as tf.Tensor))(x);
    assertClose(gradient, tf.grad(run((whole) => tf.slice(whole, [1], [3])))(x), 1e-7);
  });
  const whole = randomMatrix(1, 1000, 2);
  let held = 0;
  const { value } = pullback(() => {
    const rows = tf.tidy(() => tf.sum(sliceExamples(whole, 1, 3) as tf.Tensor));
    held = tf.memory().numBytes;
    return rows;
  }, () => []);
  assertLess(held - tf.memory().numBytes, whole.size);
  tf.dispose([whole, value]);
});

engineTest("countExamples() gives the common length and refuses what has none", () => {
  assertEquals(countExamples(tree()), 3);
  const faults: [Batch, typeof TypeError | typeof RangeError, string][] = [
    [{ a: tf.ones([2]), b: tf.ones([3]) }, RangeError, "batch.b has 3, but batch.a has 2"],
    [tf.ones([0, 3]), RangeError, "it is empty"],
    [[tf.scalar(1)], TypeError, "batch[0] has no axes"],
    [[], TypeError, "holds no tensor"],
    [{ a: null } as unknown as Batch, TypeError, "batch.a is null"],
    [{ a: "text" } as unknown as Batch, TypeError, "batch.a is a string"],
  ];
  for (const [batch, kind, message] of faults) assertThrows(() => countExamples(batch), kind, message);
});
