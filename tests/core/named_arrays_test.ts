import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { assignParams, type NamedArrays, readParams, toTensors } from "../../core/mod.ts";
import { assertNewTensors, engineTest } from "../support/mod.ts";

/** NaNs of many kinds, both zeros, the infinities, the smallest numbers. */
const BITS = Uint32Array.of(0x7fc00000, 0xffc00000, 0x7fc12345, 0xff800001, 0x80000000, 0, 0x7f800000, 1, 0x3f800001);

const bitsOf = ({ data }: NamedArrays[string]) => [...new Uint32Array(data.buffer, data.byteOffset, data.length)];

engineTest("assignParams() and readParams() keep every bit", async () => {
  const weight = tf.variable(tf.zeros([3, 3]));
  const count = tf.variable(tf.zeros([2], "int32"));
  const data = new Float32Array(BITS.slice().buffer);
  const arrays = { weight: { shape: [3, 3], data }, count: { shape: [2], data: Int32Array.of(-7, 2 ** 31 - 1) } };
  assertNewTensors(0, () => assignParams({ weight, count }, arrays));
  // They were copied.
  data.fill(5);
  const read = await readParams({ weight, count });
  assertEquals(bitsOf(read.weight!), [...BITS]);
  assertEquals(read.count, arrays.count);
  read.weight!.data.fill(9);
  assertEquals(bitsOf((await readParams({ weight })).weight!), [...BITS]);
  tf.dispose([weight, count]);
});

engineTest("toTensors() makes tensors of the arrays' types and bits", async () => {
  const arrays: NamedArrays = {
    a: { shape: [9], data: new Float32Array(BITS.slice().buffer) },
    b: { shape: [], data: Int32Array.of(3) },
    c: { shape: [2, 1], data: Uint8Array.of(1, 0) },
    d: { shape: [0, 4], data: new Float32Array() },
  };
  const tensors = assertNewTensors(4, () => toTensors(arrays));
  assertEquals(Object.values(tensors).map(({ dtype }) => dtype), ["float32", "int32", "bool", "float32"]);
  assertEquals(Object.values(tensors).map(({ shape }) => shape), [[9], [], [2, 1], [0, 4]]);
  const data = await tensors.a!.data() as Float32Array;
  assertEquals(bitsOf({ shape: [9], data: data.slice() }), [...BITS]);
  tf.dispose({ ...tensors });
});

engineTest("assignParams() checks everything before the first parameter changes", () => {
  const a = tf.variable(tf.ones([2]));
  const b = tf.variable(tf.ones([2, 2]));
  const two = { shape: [2], data: new Float32Array(2) };
  const four = { shape: [2, 2], data: new Float32Array(4) };
  for (
    const [arrays, message] of [
      [{ a: two }, "b is missing"],
      [{ a: two, b: four, c: two }, "c is no parameter"],
      [{ a: two, toString: four }, "b is missing; toString is no parameter"],
      [{ a: two, b: { shape: [4], data: four.data } }, "b has shape [4], expected [2,2]"],
      [{ a: two, b: { shape: [2, 2], data: two.data } }, "b has 2 values, expected 4"],
      [{ a: two, b: { shape: [2, 2], data: new Int32Array(4) } }, "b is a Int32Array, expected a Float32Array"],
    ] as const
  ) {
    assertThrows(() => assignParams({ a, b }, arrays), RangeError, `Cannot assign parameters: ${message}`);
  }
  assertEquals([...a.dataSync(), ...b.dataSync()], [1, 1, 1, 1, 1, 1]);
  tf.dispose([a, b]);
});

engineTest("readParams() names what it cannot read", async () => {
  const gone = tf.variable(tf.ones([2]));
  gone.dispose();
  await assertRejects(() => readParams({ gone }), TypeError, "Cannot read gone: it was disposed");
  const words = tf.variable(tf.tensor1d(["a"]));
  await assertRejects(() => readParams({ words }), TypeError, "Cannot read words: it is of type string");
  words.dispose();
});
