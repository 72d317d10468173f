import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { useBackend } from "../../core/backend.ts";
import { equal, notEqual } from "../../core/wasm/equality.ts";
import { fc } from "../support/properties.ts";
import { assertNewTensors } from "../support/mod.ts";

type Compare = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;
const kernels: [string, Compare, (a: number, b: number) => boolean][] = [
  ["Equal", tf.equal, (a, b) => a === b],
  ["NotEqual", tf.notEqual, (a, b) => a !== b],
];

/** Registers a test on the wasm engine. */
function wasmTest(name: string, run: () => void): void {
  Deno.test(`${name} [wasm]`, async () => {
    await useBackend({ backend: "wasm", quiet: true });
    run();
  });
}

/** Compares values of shapes that broadcast against each other, by loops over the axes of the outcome. */
function broadcast(
  a: Shaped,
  b: Shaped,
  compare: (a: number, b: number) => boolean,
): { shape: number[]; values: number[] } {
  const rank = Math.max(a.shape.length, b.shape.length);
  const padded = [a, b].map(({ shape }) => [...Array(rank - shape.length).fill(1), ...shape]);
  const shape = padded[0]!.map((length, axis) => length === 1 ? padded[1]![axis]! : length);
  const size = shape.reduce((product, length) => product * length, 1);
  const values = Array.from({ length: size }, (_, at) => {
    let rest = at;
    const index = shape.map(() => 0);
    for (let axis = rank - 1; axis >= 0; axis--) {
      index[axis] = rest % shape[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    const [x, y] = [a, b].map(({ values }, side) =>
      values[index.reduce((sum, i, axis) => sum * padded[side]![axis]! + (padded[side]![axis] === 1 ? 0 : i), 0)]!
    );
    return compare(x!, y!) ? 1 : 0;
  });
  return { shape, values };
}

interface Shaped {
  readonly shape: number[];
  readonly values: readonly number[];
}

type Dtype = "float32" | "int32" | "bool";

function assertCompared(a: Shaped & { dtype: Dtype }, b: Shaped & { dtype: Dtype }): void {
  for (const [, op, compare] of kernels) {
    const expected = broadcast(a, b, compare);
    const actual = tf.tidy(() => op(tensorOf(a), tensorOf(b)));
    assertEquals([actual.shape, actual.dtype], [expected.shape, "bool"]);
    assertEquals([...actual.dataSync()], expected.values);
    actual.dispose();
  }
}

function tensorOf({ shape, values, dtype }: Shaped & { dtype: Dtype }): tf.Tensor {
  return dtype === "bool" ? tf.tensor(values.map((x) => x !== 0), shape, "bool") : tf.tensor([...values], shape, dtype);
}

const length = fc.integer({ min: 1, max: 5 });
const value = fc.integer({ min: -2, max: 2 });

/** Two tensors of shapes that fit, of which a dimension may be 1 on one side. */
const operands = fc.record({
  shape: fc.array(length, { minLength: 0, maxLength: 4 }),
  ones: fc.tuple(...[0, 1].map(() => fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }))),
  missing: fc.tuple(fc.integer({ min: 0, max: 2 }), fc.boolean()),
  dtypes: fc.tuple(...[0, 1].map(() => fc.constantFrom<Dtype>("float32", "int32", "bool"))),
  pool: fc.array(value, { minLength: 625, maxLength: 625 }),
}).map(({ shape, ones, missing: [count, side], dtypes, pool }) =>
  [0, 1].map((i) => {
    const own = shape.map((size, axis) => ones[i]![axis] ? 1 : size).slice(
      side === (i === 1) ? Math.min(count, shape.length) : 0,
    );
    const size = own.reduce((product, length) => product * length, 1);
    const dtype = dtypes[i]!;
    const values = pool.slice(0, size).map((x, at) => (x + i * at) % 3).map((x) => dtype === "bool" ? (x ? 1 : 0) : x);
    return { shape: own, values, dtype };
  })
);

wasmTest("equal() and notEqual() agree with loops for all shapes and types that fit", () => {
  fc.assert(fc.property(operands, ([a, b]) => assertNewTensors(0, () => assertCompared(a!, b!))), { numRuns: 300 });
});

wasmTest("equal() and notEqual() agree with loops for a column with a row", () => {
  for (const dtype of ["int32", "float32", "bool"] as const) {
    for (const [rows, columns] of [[1, 1], [1, 7], [7, 1], [5, 3], [64, 33]] as const) {
      const cycle = (size: number, step: number) =>
        Array.from({ length: size }, (_, i) => dtype === "bool" ? (i * step) % 2 : ((i * step) % 5) - 2);
      const [column, row] = [cycle(rows, 3), cycle(columns, 2)];
      assertCompared({ shape: [rows, 1], values: column, dtype }, { shape: [1, columns], values: row, dtype });
      // The other way round, and of equal shapes, they are the engine's own.
      assertCompared({ shape: [1, columns], values: row, dtype }, { shape: [rows, 1], values: column, dtype });
      assertCompared({ shape: [rows, 1], values: column, dtype }, {
        shape: [rows, 1],
        values: column.toReversed(),
        dtype,
      });
    }
  }
});

wasmTest("equal() is false for what is not a number, and true for zeros of either sign", () => {
  tf.tidy(() => {
    const odd = [NaN, 0, -0, Infinity, -Infinity, 2 ** -149];
    const compare = (same: (a: number, b: number) => boolean) => odd.map((a) => odd.map((b) => same(a, b) ? 1 : 0));
    const [column, row] = [tf.tensor2d(odd, [6, 1]), tf.tensor2d(odd, [1, 6])];
    assertEquals(tf.equal(column, row).arraySync(), compare((a, b) => a === b));
    assertEquals(tf.notEqual(column, row).arraySync(), compare((a, b) => a !== b));
  });
});

wasmTest("equal() tells integers apart that float32 cannot", () => {
  tf.tidy(() => {
    const large = [2 ** 24, 2 ** 24 + 1, 2 ** 31 - 1, 2 ** 31 - 2, -(2 ** 31)];
    const [column, row] = [tf.tensor2d(large, [5, 1], "int32"), tf.tensor2d(large, [1, 5], "int32")];
    assertEquals(tf.equal(column, row).arraySync(), large.map((a) => large.map((b) => a === b ? 1 : 0)));
  });
});

wasmTest("equal() takes views and empty tensors", () => {
  tf.tidy(() => {
    const values = tf.tensor1d([9, 1, 2, 1, 9], "int32");
    const inner = tf.slice(values, [1], [3]);
    const found = tf.equal(tf.reshape(inner, [3, 1]), tf.reshape(inner, [1, 3]));
    assertEquals(found.arraySync() as unknown, [[1, 0, 1], [0, 1, 0], [1, 0, 1]]);
    assertEquals(tf.equal(tf.zeros([0, 1]), tf.zeros([1, 3])).shape, [0, 3]);
    assertEquals(tf.notEqual(tf.zeros([3, 1]), tf.zeros([1, 0])).shape, [3, 0]);
  });
});

wasmTest("equal() and notEqual() are gradfold's, and refuse shapes that do not fit", () => {
  assert(tf.getKernel("Equal", "wasm")!.kernelFunc === (equal as unknown));
  assert(tf.getKernel("NotEqual", "wasm")!.kernelFunc === (notEqual as unknown));
  const [a, b] = [tf.zeros([2, 1, 1]), tf.zeros([2, 2, 3])];
  tf.dispose([tf.equal(a, b), a, b]);
  const [c, d] = [tf.zeros([3]), tf.zeros([2])];
  assertThrows(() => tf.equal(c, d), Error);
  tf.dispose([c, d]);
});

wasmTest("equal() and notEqual() give their memory back", () => {
  const heap = (): number => (tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8.byteLength;
  const step = (): number =>
    tf.tidy(() => {
      const rows = tf.range(0, 1500, 1, "int32");
      const [column, row] = [tf.reshape(rows, [-1, 1]), tf.reshape(rows, [1, -1])];
      return tf.sum(tf.logicalOr(tf.equal(column, row), tf.notEqual(column, row)).cast("float32")).dataSync()[0]!;
    });
  for (let i = 0; i < 3; i++) assertEquals(assertNewTensors(0, step), 1500 ** 2);
  const before = heap();
  // Anything kept would add up to more than the heap has to spare.
  for (let i = 0; i < 30; i++) step();
  assertEquals(heap(), before);
});
