import * as tf from "@tensorflow/tfjs";
import { assertEquals } from "@std/assert";
import { useBackend } from "../../core/backend.ts";
import { engineTest } from "../support/mod.ts";

/** How many pieces of memory a function adds. */
function newBuffers(run: () => unknown): number {
  const before = tf.memory().numDataBuffers;
  run();
  return tf.memory().numDataBuffers - before;
}

engineTest("clone() shares the memory, and either tensor survives the other", () => {
  for (const dtype of ["float32", "int32", "bool"] as const) {
    for (const goes of [0, 1]) {
      const made: tf.Tensor[] = [];
      assertEquals(newBuffers(() => made.push(tf.tensor2d([[1, 0], [0, 1]], [2, 2], dtype))), 1);
      assertEquals(newBuffers(() => made.push(tf.clone(made[0]!))), 0);
      assertEquals(newBuffers(() => made[goes]!.dispose()), 0);
      const left = made[1 - goes]!;
      // What is made now would be written over the memory if that had been given back.
      const other = tf.fill([2, 2], 7, dtype);
      assertEquals([left.dtype, left.shape, [...left.dataSync()]], [dtype, [2, 2], [1, 0, 0, 1]]);
      assertEquals(newBuffers(() => left.dispose()), -1);
      other.dispose();
    }
  }
});

engineTest("a clone of what was computed survives the tidy that computed it", () => {
  const left = tf.tidy(() => tf.clone(tf.add(tf.tensor1d([1, 2]), 1)));
  tf.tidy(() => tf.add(tf.zeros([2]), 5));
  assertEquals([...left.dataSync()], [2, 3]);
  assertEquals(newBuffers(() => left.dispose()), -1);
});

engineTest("a clone of a variable stays as it was when the variable is assigned", () => {
  const start = tf.tensor1d([1, 2]);
  const variable = tf.variable(start);
  const before = tf.clone(variable as tf.Tensor);
  const next = tf.tensor1d([3, 4]);
  variable.assign(next);
  const after = tf.clone(variable as tf.Tensor);
  tf.dispose([start, next]);
  tf.dispose(tf.fill([2], 9));
  assertEquals([[...before.dataSync()], [...variable.dataSync()], [...after.dataSync()]], [[1, 2], [3, 4], [3, 4]]);
  variable.dispose();
  assertEquals([[...before.dataSync()], [...after.dataSync()]], [[1, 2], [3, 4]]);
  tf.dispose([before, after]);
});

engineTest("clone() passes its gradient on, and the gradient is a tensor of its own", () => {
  tf.tidy(() => {
    const [x, dy] = [tf.tensor1d([1, 2]), tf.tensor1d([5, 6])];
    const gradient = tf.grad((x: tf.Tensor) => tf.mul(tf.clone(x), tf.clone(x)))(x, dy);
    assertEquals([...gradient.dataSync()], [10, 24]);
    const passed = tf.grad((x: tf.Tensor) => tf.clone(x))(x, dy);
    passed.dispose();
    assertEquals([...dy.dataSync()], [5, 6]);
  });
});

Deno.test("clone() of a tensor from another engine moves it, and outlives it [wasm]", async () => {
  await useBackend({ backend: "cpu", quiet: true });
  const x = tf.tensor1d([1, 2, 3]);
  await useBackend({ backend: "wasm", quiet: true });
  const copy = tf.clone(x);
  x.dispose();
  assertEquals([...tf.tidy(() => tf.add(copy, 1)).dataSync()], [2, 3, 4]);
  copy.dispose();
});

Deno.test("clone() gives its memory back [wasm]", async () => {
  await useBackend({ backend: "wasm", quiet: true });
  const heap = (): number => (tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8.byteLength;
  const round = () =>
    tf.tidy(() => {
      const x = tf.zeros([256, 1024]);
      tf.clone(tf.clone(tf.add(x, 1))).dispose();
    });
  round();
  const before = heap();
  for (let i = 0; i < 100; i++) round();
  assertEquals(heap(), before);
});
