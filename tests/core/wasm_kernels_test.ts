import * as tf from "@tensorflow/tfjs";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { fc } from "../support/properties.ts";
import { useBackend } from "../../core/backend.ts";
import { key } from "../../core/key.ts";
import { normal } from "../../core/stream.ts";
import { registerWasmKernels } from "../../core/wasm_kernels.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";

type Pool = (x: tf.Tensor4D) => tf.Tensor;
const maxPool: Pool = (x) => tf.maxPool(x, 3, 2, "same");
const avgPool: Pool = (x) => tf.avgPool(x, 3, 2, "same");

/** The gradient of a pooling's weighted sum, and the same by central differences. */
function compare(pool: Pool, values: Float32Array, shape: [number, number, number, number]): void {
  const objective = (x: tf.Tensor): tf.Scalar => {
    const y = pool(x as tf.Tensor4D);
    return tf.sum(tf.mul(y, tf.tensor(normal(key(3), [0], y.size), y.shape)));
  };
  tf.tidy(() => {
    const gradient = tf.grad(objective)(tf.tensor4d(values, shape)).dataSync();
    const step = 2 ** -7;
    const at = (i: number, change: number): number => {
      const moved = values.slice();
      moved[i]! += change;
      return objective(tf.tensor4d(moved, shape)).dataSync()[0]!;
    };
    for (const [i, slope] of gradient.entries()) {
      assertAlmostEquals(slope, (at(i, step) - at(i, -step)) / (2 * step), 2e-3, `entry ${i}`);
    }
  });
}

/** Values that differ by more than a central difference's step, the largest below zero. */
const negatives = (count: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: count }, (_, i) => -0.1 - 0.05 * ((i * 17) % count));

engineTest("maxPool's gradient agrees with finite differences on negative values", () => {
  compare(maxPool, negatives(5 * 5 * 2), [1, 5, 5, 2]);
});

engineTest("maxPool's gradient reaches the largest of a window of negative values", () => {
  tf.tidy(() => {
    const x = tf.tensor4d([-3, -1, -2, -4], [1, 2, 2, 1]);
    const gradient = tf.grad((x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, 2, 2, "valid"))(x);
    assertEquals([...gradient.dataSync()], [0, 1, 0, 0]);
  });
});

engineTest("avgPool's gradient agrees with finite differences where windows reach into the padding", () => {
  compare(avgPool, normal(key(1), [0], 5 * 4 * 2), [1, 5, 4, 2]);
});

engineTest("unsortedSegmentSum() leaves out the rows with a negative id", () => {
  const sums = tf.tidy(() =>
    tf.unsortedSegmentSum(tf.tensor2d([[1, 2], [3, 4], [5, 6], [7, 8]]), tf.tensor1d([1, -1, -2, 1], "int32"), 3)
  );
  assertEquals(sums.arraySync(), [[0, 0], [8, 10], [0, 0]]);
  sums.dispose();
});

engineTest("unsortedSegmentSum() refuses an id past the last segment", () => {
  const [x, ids] = [tf.ones([2, 2]), tf.tensor1d([0, 3], "int32")];
  assertThrows(() => tf.unsortedSegmentSum(x, ids, 3), Error, "3");
  tf.dispose([x, ids]);
});

engineTest("unsortedSegmentSum() adds integers up as integers", () => {
  const sums = tf.tidy(() =>
    tf.unsortedSegmentSum(tf.tensor1d([1, 2, 3], "int32"), tf.tensor1d([1, 0, 1], "int32"), 2)
  );
  assertEquals(sums.dtype, "int32");
  assertEquals(sums.arraySync(), [2, 4] as never);
  sums.dispose();
});

/** The product of two stacks of matrices, by plain loops; stacks of one matrix are repeated. */
function product(a: Float32Array, b: Float32Array, batches: number, m: number, k: number, n: number): number[] {
  const out: number[] = [];
  for (let batch = 0; batch < batches; batch++) {
    const ofA = a.length === m * k ? 0 : batch * m * k;
    const ofB = b.length === k * n ? 0 : batch * k * n;
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let l = 0; l < k; l++) sum += a[ofA + i * k + l]! * b[ofB + l * n + j]!;
        out.push(sum);
      }
    }
  }
  return out;
}

Deno.test("matMul() agrees with plain loops for every size, batch, broadcast and transpose flag [wasm]", async () => {
  await useBackend({ backend: "wasm", quiet: true });
  const size = fc.constantFrom(1, 2, 3, 15, 16, 17, 33);
  const batch = fc.constantFrom(1, 2, 3);
  const setting = fc.record({ m: size, k: size, n: size, batch, sharedA: fc.boolean(), sharedB: fc.boolean() });
  fc.assert(
    fc.property(setting, fc.boolean(), fc.boolean(), ({ m, k, n, batch, sharedA, sharedB }, transposeA, transposeB) => {
      const outer = { a: sharedA ? 1 : batch, b: sharedB ? 1 : batch };
      const batches = Math.max(outer.a, outer.b);
      const a = normal(key(1), [0], outer.a * m * k);
      const b = normal(key(1), [1], outer.b * k * n);
      const actual = assertNewTensors(1, () =>
        tf.tidy(() => {
          const left = tf.tensor3d(a, [outer.a, m, k]);
          const right = tf.tensor3d(b, [outer.b, k, n]);
          return tf.matMul(
            transposeA ? tf.transpose(left, [0, 2, 1]) : left,
            transposeB ? tf.transpose(right, [0, 2, 1]) : right,
            transposeA,
            transposeB,
          );
        }));
      assertEquals(actual.shape, [batches, m, n]);
      assertClose(actual, product(a, b, batches, m, k, n), 1e-5);
      actual.dispose();
    }),
    { numRuns: 150, seed: 1 },
  );
});

Deno.test("matMul() pairs up matrices whose leading axes broadcast against each other [wasm]", async () => {
  await useBackend({ backend: "wasm", quiet: true });
  tf.tidy(() => {
    const a = tf.tensor(normal(key(1), [0], 2 * 17 * 18), [2, 1, 17, 18]);
    const b = tf.tensor(normal(key(1), [1], 3 * 18 * 19), [3, 18, 19]);
    const actual = tf.matMul(a, b);
    assertEquals(actual.shape, [2, 3, 17, 19]);
    for (const [i, left] of tf.unstack(a).entries()) {
      for (const [j, right] of tf.unstack(b).entries()) {
        const expected = tf.matMul(tf.squeeze(left, [0]), right);
        assertClose(tf.slice(actual, [i, j], [1, 1]), expected, 1e-6);
      }
    }
  });
});

Deno.test("matMul() refuses matrices that do not fit [wasm]", async () => {
  await useBackend({ backend: "wasm", quiet: true });
  const [a, b] = [tf.zeros([2, 3]), tf.zeros([4, 5])];
  assertThrows(() => tf.matMul(a, b), Error, "inner shapes");
  tf.dispose([a, b]);
});

Deno.test("conv2d() has the cpu engine's gradients for every size, stride and padding [wasm]", async () => {
  const size = fc.integer({ min: 1, max: 6 });
  const setting = fc.record({
    height: size,
    width: size,
    filter: fc.integer({ min: 1, max: 4 }),
    strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    pad: fc.constantFrom("same" as const, "valid" as const),
    depthwise: fc.boolean(),
  }).filter(({ height, width, filter, pad }) => pad === "same" || (filter <= height && filter <= width))
    // The engines know depthwise convolutions with one stride only.
    .map((c) => c.depthwise ? { ...c, strides: [c.strides[0], c.strides[0]] as [number, number] } : c);
  await fc.assert(
    fc.asyncProperty(setting, async ({ height, width, filter, strides, pad, depthwise }) => {
      const gradients = () =>
        tf.tidy(() => {
          const x = tf.tensor4d(normal(key(1), [0], 2 * height * width * 3), [2, height, width, 3]);
          const w = tf.tensor4d(normal(key(1), [1], filter * filter * 3 * 2), [filter, filter, 3, 2]);
          const run = (x: tf.Tensor, w: tf.Tensor) =>
            (depthwise ? tf.depthwiseConv2d : tf.conv2d)(x as tf.Tensor4D, w as tf.Tensor4D, strides, pad);
          const y = run(x, w);
          const dy = tf.tensor(normal(key(1), [2], y.size), y.shape);
          return tf.grads(run)([x, w], dy).map((gradient) => gradient.dataSync());
        });
      await useBackend({ backend: "wasm", quiet: true });
      const actual = assertNewTensors(0, gradients);
      await useBackend({ backend: "cpu", quiet: true });
      for (const [i, expected] of gradients().entries()) assertClose(actual[i]!, expected, 1e-5, `gradient ${i}`);
    }),
    { numRuns: 60, seed: 1 },
  );
});

Deno.test("Conv2DBackpropFilter refuses dilation and channels first, which it does not know [wasm]", async () => {
  await useBackend({ backend: "wasm", quiet: true });
  const [x, dy] = [tf.zeros([1, 4, 4, 1]), tf.zeros([1, 4, 4, 1])];
  const attrs = { strides: [1, 1], pad: "same", filterShape: [3, 3, 1, 1] };
  for (const more of [{ dataFormat: "NCHW" }, { dilations: [2, 2], dataFormat: "NHWC" }]) {
    const call = () => tf.engine().runKernel("Conv2DBackpropFilter", { x, dy }, { ...attrs, ...more });
    assertThrows(call, RangeError, "expected 1 and NHWC");
  }
  tf.dispose([x, dy]);
});

Deno.test("registerWasmKernels() registers each kernel once", () => {
  registerWasmKernels();
  const before = tf.getKernel("BatchMatMul", "wasm");
  registerWasmKernels();
  assert(before === tf.getKernel("BatchMatMul", "wasm"));
});

Deno.test("registerWasmKernels() brings kernels that give their memory back [wasm]", async () => {
  await useBackend({ backend: "wasm", quiet: true });
  const heap = (): number => (tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8.byteLength;
  const step = () =>
    tf.tidy(() => {
      const images = tf.ones([16, 32, 32, 8]);
      const filters = tf.ones([3, 3, 8, 8]);
      const heads = tf.ones([16, 64, 32]);
      const run = (x: tf.Tensor, w: tf.Tensor, q: tf.Tensor) =>
        tf.add(
          tf.sum(tf.maxPool(tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, "same"), 2, 2, "valid")),
          tf.sum(tf.matMul(q, q, false, true)),
        );
      tf.grads(run)([images, filters, heads]);
    });
  for (let i = 0; i < 5; i++) step();
  const before = heap();
  // Anything kept would add up to more than the heap has to spare.
  for (let i = 0; i < 40; i++) step();
  assertEquals(heap(), before);
});
