import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals } from "@std/assert";
import { key } from "../../core/key.ts";
import { normal, uniform } from "../../core/stream.ts";
import { useBackend } from "../../core/backend.ts";
import { assertClose, assertNewTensors } from "../support/mod.ts";

/** Registers a test on the wasm engine. */
function wasmTest(name: string, run: () => void): void {
  Deno.test(`${name} [wasm]`, async () => {
    await useBackend({ backend: "wasm", quiet: true });
    tf.tidy(run);
  });
}

wasmTest("matMul() with a transposed left factor is exact to 1e-6 where its sums are long", () => {
  for (
    const [k, m, n] of [[511, 9, 9], [512, 7, 20], [513, 20, 7], [3000, 40, 3], [3000, 3, 40], [200_003, 3, 2]] as const
  ) {
    // Numbers of one sign: their sums grow, and so does the rounding error of a sum in one row.
    const [a, b] = [uniform(key(1), [0], k * m), uniform(key(1), [1], k * n)];
    const expected = new Float64Array(m * n);
    for (let l = 0; l < k; l++) {
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) expected[i * n + j]! += a[l * m + i]! * b[l * n + j]!;
      }
    }
    const product = assertNewTensors(
      1,
      () => tf.tidy(() => tf.matMul(tf.tensor2d(a, [k, m]), tf.tensor2d(b, [k, n]), true)),
    );
    assertEquals(product.shape, [m, n]);
    assertClose(product, expected, 1e-6, `product of [${k}, ${m}] and [${k}, ${n}]`);
  }
});

wasmTest("matMul() of matrices without columns is zero", () => {
  tf.dispose(tf.fill([3, 4], 7));
  assertEquals([...tf.matMul(tf.zeros([3, 0]), tf.zeros([0, 4])).dataSync()], new Array(12).fill(0));
  assertEquals(tf.matMul(tf.zeros([2, 3, 0]), tf.zeros([2, 0, 4])).shape, [2, 3, 4]);
});

wasmTest("transpose() agrees with loops for matrices of any size, stacks of them, and other orders", () => {
  for (const [stack, rows, columns] of [[1, 1, 5], [1, 8, 8], [2, 7, 9], [3, 17, 16], [1, 0, 4]] as const) {
    const values = normal(key(1), [0], stack * rows * columns);
    const x = tf.tensor3d(values, [stack, rows, columns]);
    const expected = new Float32Array(values.length);
    values.forEach((value, i) => {
      const [matrix, row, column] = [Math.floor(i / rows / columns), Math.floor(i / columns) % rows, i % columns];
      expected[(matrix * columns + column) * rows + row] = value;
    });
    const turned = tf.transpose(x, [0, 2, 1]);
    assertEquals(turned.shape, [stack, columns, rows]);
    assertEquals(turned.dataSync(), expected);
  }
  const x = tf.tensor3d(Float32Array.from({ length: 24 }, (_, i) => i), [2, 3, 4]);
  assertEquals(tf.transpose(x, [2, 0, 1]).arraySync()[1], [[1, 5, 9], [13, 17, 21]]);
  assertEquals(tf.transpose(tf.tensor2d([[1, 2], [3, 4]], [2, 2], "int32")).arraySync(), [[1, 3], [2, 4]]);
});

wasmTest("gather() gives rows by number, of any rank, and leaves the rest to the engine", () => {
  const x = tf.tensor3d(Float32Array.from({ length: 12 }, (_, i) => i), [3, 2, 2]);
  const rows = assertNewTensors(1, () => tf.tidy(() => tf.gather(x, tf.tensor2d([[2, 0], [2, 1]], [2, 2], "int32"))));
  assertEquals(rows.shape, [2, 2, 2, 2]);
  assertEquals([...rows.dataSync()], [8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7]);
  const ids = tf.tensor1d([1, 1], "int32");
  assertEquals([...tf.gather(x, ids, 1).dataSync()], [2, 3, 2, 3, 6, 7, 6, 7, 10, 11, 10, 11]);
  assertEquals([...tf.gather(tf.tensor1d([4, 5, 6], "int32"), ids).dataSync()], [5, 5]);
  assertEquals(tf.gather(x, tf.tensor1d([], "int32")).shape, [0, 2, 2]);
});

wasmTest("conv2d()'s gradients agree with loops over more pixels than go into one product", () => {
  for (
    const [batch, size, inputs, outputs, strides] of [[3, 17, 2, 3, 1], [2, 19, 20, 4, 1], [9, 18, 1, 5, 2]] as const
  ) {
    const x = normal(key(1), [0], batch * size * size * inputs);
    const w = normal(key(1), [1], 9 * inputs * outputs);
    const half = Math.ceil(size / strides);
    const dy = normal(key(1), [2], batch * half * half * outputs);
    const [dx, dw] = [new Float64Array(x.length), new Float64Array(w.length)];
    const before = Math.floor(Math.max(0, (half - 1) * strides + 3 - size) / 2);
    dy.forEach((change, at) => {
      const out = at % outputs;
      const place = Math.floor(at / outputs);
      const [column, row, image] = [place % half, Math.floor(place / half) % half, Math.floor(place / half / half)];
      for (let i = 0; i < 9; i++) {
        const [down, right] = [row * strides - before + Math.floor(i / 3), column * strides - before + i % 3];
        if (down < 0 || right < 0 || down >= size || right >= size) continue;
        for (let c = 0; c < inputs; c++) {
          const [from, filter] = [
            ((image * size + down) * size + right) * inputs + c,
            (i * inputs + c) * outputs + out,
          ];
          dx[from]! += change * w[filter]!;
          dw[filter]! += change * x[from]!;
        }
      }
    });
    const run = (x: tf.Tensor, w: tf.Tensor) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, strides, "same");
    const gradients = assertNewTensors(2, () =>
      tf.tidy(() =>
        tf.grads(run)(
          [tf.tensor4d(x, [batch, size, size, inputs]), tf.tensor4d(w, [3, 3, inputs, outputs])],
          tf.tensor4d(dy, [batch, half, half, outputs]),
        )
      ));
    assertClose(gradients[0]!, dx, 1e-6, "input");
    assertClose(gradients[1]!, dw, 1e-6, "filter");
    assert(gradients[0]!.dataSync().every(Number.isFinite));
  }
});
