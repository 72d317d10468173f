import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals } from "@std/assert";
import { addInto, fused, hasFused } from "../../core/_fused.ts";
import { gradientSum } from "../../core/_gradient_sum.ts";
import { lookup, type Tensor, type Tensor2D } from "../../core/mod.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";
import { assertSameBits, draw, fusedTest } from "./_fused_support.ts";

fusedTest(["Accumulate"], "Accumulate adds in place, again and again where the sum is larger, and exactly", () => {
  const cases = [[1, 1], [7, 7], [8, 8], [13, 13], [26, 13], [300, 1], [24, 8], [128 * 300, 128], [40003, 40003], [
    0,
    4,
  ]];
  for (const [size, width] of cases as [number, number][]) {
    const [sum, x] = [draw("sum", [size]), draw("x", [width])];
    const expected = sum.values.map((value, i) => Math.fround(value + x.values[i % width]!));
    const before = x.values.slice();
    assertNewTensors(0, () => fused("Accumulate", [sum.tensor, x.tensor]));
    assertSameBits(sum.tensor.dataSync(), expected, `${size} numbers and ${width}`);
    assertSameBits(x.tensor.dataSync(), before, "what was added");
  }
});

fusedTest(["Accumulate"], "what was read of a sum stays when more is added", () => {
  const [sum, one] = [tf.tensor1d([1, 2, 3]), tf.ones([3])];
  fused("Accumulate", [sum, one]);
  const read = sum.dataSync();
  fused("Accumulate", [sum, one]);
  assertEquals([[...read], [...sum.dataSync()]], [[2, 3, 4], [3, 4, 5]]);
});

fusedTest(["AccumulateRows"], "AccumulateRows adds weighted rows by their ids, repeated ones and none", () => {
  for (const width of [1, 5, 8, 64, 65, 200]) {
    for (const perRow of [0, 1, 3]) {
      const [vocabulary, lookups] = [7, 30];
      const sum = draw("sum", [vocabulary, width]);
      const rows = draw("rows", [lookups / (perRow || 1), width]);
      const ids = Int32Array.from({ length: lookups }, (_, i) => [0, 6, 6, 2, 6][i % 5]!);
      const weights = perRow ? draw("weights", [lookups / perRow, perRow]).values.map((w, i) => i % 4 ? w : 0) : [];
      const expected = Float64Array.from(sum.values);
      ids.forEach((id, i) => {
        for (let j = 0; j < width; j++) {
          const row = perRow ? Math.floor(i / perRow) : i;
          expected[id * width + j]! += (perRow ? weights[i]! : 1) * rows.values[row * width + j]!;
        }
      });
      const given = [tf.tensor1d(ids, "int32"), tf.tensor1d(weights), rows.tensor];
      assertNewTensors(0, () => fused("AccumulateRows", [sum.tensor, ...given]));
      assertClose(sum.tensor, expected, 1e-6, `width ${width}, ${perRow} a row`);
      assertSameBits(
        sum.tensor.dataSync().slice(width, 2 * width),
        draw("sum", [vocabulary, width]).values.slice(width, 2 * width),
        "a row without lookups",
      );
    }
  }
});

fusedTest(["AccumulateRows"], "AccumulateRows leaves out weight 0, and takes no lookups at all", () => {
  const sum = tf.ones([2, 3]);
  const weights = tf.tensor2d([[0, 2], [0, 0]]);
  fused("AccumulateRows", [
    sum,
    tf.tensor1d([0, 1, 0, 1], "int32"),
    weights,
    tf.tensor2d([[1, 2, 3], [NaN, NaN, NaN]]),
  ]);
  fused("AccumulateRows", [sum, tf.tensor1d([], "int32"), tf.zeros([0]), tf.zeros([0, 3])]);
  assertEquals(sum.arraySync() as number[][], [[1, 1, 1], [3, 5, 7]]);
});

engineTest("addInto() uses its first tensor up and leaves the second, whatever the kind of number", () => {
  for (const dtype of ["float32", "int32"] as const) {
    const y = tf.tensor1d([10, 20], dtype);
    const sum = assertNewTensors(1, () => addInto(tf.tensor2d([[1, 2], [3, 4]], [2, 2], dtype), y));
    assertEquals([sum.dtype, sum.shape, [...sum.dataSync()]], [dtype, [2, 2], [11, 22, 13, 24]]);
    assertEquals([...y.dataSync()], [10, 20]);
    tf.dispose([sum, y]);
  }
});

engineTest("gradientSum() keeps gradients apart whose first ones are the same tensor", () => {
  tf.tidy(() => {
    for (const shape of [[], [13], [3, 4]]) {
      const zeros = () => tf.variable(tf.zeros(shape));
      const params = { a: zeros(), b: zeros(), c: zeros(), turned: zeros() };
      const size = (params.a as Tensor).size;
      const factor = (chunk: number) => tf.reshape(tf.range(chunk + 1, chunk + 1 + size), shape);
      const [given, other] = [factor(100), tf.ones(shape)];
      const sum = gradientSum(params);
      const others: Tensor[] = [];
      // a, b, the other tensor and the cotangent itself are one gradient; c is used twice, `turned` in another shape.
      const shared = tf.add(given, 0);
      for (let chunk = 0; chunk < 5; chunk++) {
        const cotangent = chunk === 0 ? shared : factor(chunk);
        const { value, others: [found] } = sum.add(() => {
          const { a, b, c, turned } = params;
          const twice = tf.add(tf.add(a!, b!), tf.add(c!, tf.mul(c!, 2)));
          const flat = tf.reshape(turned!, [-1]);
          return tf.add(tf.add(twice, other), tf.reshape(flat, shape));
        }, { cotangent: () => tf.clone(cotangent), others: () => [other] });
        others.push(found!);
        value.dispose();
      }
      const gradients = sum.finish();
      const expected = Array.from({ length: size }, (_, i) => 101 + i + 2 + 3 + 4 + 5 + 4 * i);
      for (const name of ["a", "b", "turned"]) assertEquals([...gradients[name]!.dataSync()], expected, name);
      assertEquals([...gradients["c"]!.dataSync()], expected.map((value) => 3 * value));
      assertEquals([...shared.dataSync()], [...given.dataSync()], "the caller's cotangent");
      others.forEach((gradient, chunk) => {
        assertEquals([...gradient.dataSync()], [...(chunk === 0 ? given : factor(chunk)).dataSync()], `other ${chunk}`);
      });
      tf.dispose([gradients, params]);
    }
  });
});

engineTest("gradientSum() adds a table's lookups to what else depends on the table", () => {
  for (const chunks of [1, 2, 4]) {
    const table = tf.variable(tf.zeros([5, 3]));
    const ids = tf.tensor1d([4, 0, 4], "int32");
    const gradient = assertNewTensors(1, () => {
      const sum = gradientSum({ table });
      for (let chunk = 0; chunk < chunks; chunk++) {
        sum.add(() => tf.add(tf.sum(tf.mul(lookup(table, ids), chunk + 1)), tf.sum(tf.mul(table as Tensor, 10)))).value
          .dispose();
      }
      return sum.finish()["table"]!;
    });
    const once = chunks * (chunks + 1) / 2;
    const expected = [1, 0, 0, 0, 2].map((count) => [1, 1, 1].map(() => 10 * chunks + count * once));
    assertEquals(gradient.arraySync() as unknown, expected);
    tf.dispose([gradient, ids]);
    table.dispose();
  }
});

engineTest("gradientSum() leaves nothing behind when it is dropped after any number of chunks", () => {
  const params = { a: tf.variable(tf.ones([3, 2])), b: tf.variable(tf.ones([3, 2])) };
  for (const chunks of [0, 1, 2, 3]) {
    assertNewTensors(0, () => {
      const sum = gradientSum(params);
      for (let chunk = 0; chunk < chunks; chunk++) {
        sum.add(() => tf.sum(tf.add(params.a as Tensor, params.b as Tensor))).value.dispose();
      }
      sum.dispose();
    });
  }
  tf.dispose(params);
});

fusedTest(["Accumulate"], "gradientSum() adds the third chunk and later ones in place", () => {
  const bytes: number[] = [];
  const params = { a: tf.variable(tf.ones([64, 8])) };
  const sum = gradientSum(params);
  for (let chunk = 0; chunk < 4; chunk++) {
    sum.add(() => tf.sum(params.a as Tensor2D)).value.dispose();
    bytes.push((tf.engine() as unknown as { state: { numDataBuffers: number } }).state.numDataBuffers);
  }
  assertEquals(new Set(bytes).size, 1);
  assert(hasFused("Accumulate"));
  tf.dispose([sum.finish()["a"]!, params.a as Tensor]);
});
