import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertThrows } from "@std/assert";
import type { Tensor, Tensor4D } from "../../core/mod.ts";
import { groupNorm, groupNormPool, relu } from "../../core/ops/mod.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";
import { assertSameBits, draw, fusedTest, runFused } from "./_fused_support.ts";
import { compare, compareSlopes, random } from "./_ops_support.ts";

const pooled = (groups: number, epsilon?: number) => (x?: Tensor, scale?: Tensor, shift?: Tensor): Tensor =>
  groupNormPool(x!, { scale: scale!, shift: shift!, groups, ...epsilon === undefined ? {} : { epsilon } });

/** To the first largest of each two by two places goes their cotangent. */
function naiveHalveGrad(x: Float32Array, dy: Float32Array, [examples, height, width, channels]: number[]): number[] {
  const dx = new Array(x.length).fill(0);
  const [rows, columns] = [Math.floor(height! / 2), Math.floor(width! / 2)];
  for (let e = 0; e < examples!; e++) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        for (let c = 0; c < channels!; c++) {
          const places = [0, 1, 2, 3].map((k) =>
            ((e * height! + 2 * i + (k >> 1)) * width! + 2 * j + k % 2) * channels! + c
          );
          const most = Math.max(...places.map((place) => x[place]!));
          dx[places.find((place) => x[place] === most)!] = dy[((e * rows + i) * columns + j) * channels! + c];
        }
      }
    }
  }
  return dx;
}

fusedTest(["HalveGrad"], "HalveGrad agrees with loops for odd sizes and any channels, ties included", () => {
  for (const channels of [1, 3, 8, 13, 128]) {
    for (
      const [examples, height, width] of [[1, 2, 2], [3, 5, 4], [2, 4, 7], [2, 3, 3], [2, 1, 4], [0, 4, 4]] as const
    ) {
      const shape = [examples, height, width, channels];
      const halved = [examples, height >> 1, width >> 1, channels];
      const dy = draw("dy", halved);
      // Three values, so that most windows have several largest numbers.
      const tied = draw("x", shape).values.map((value) => Math.sign(Math.round(value)));
      for (const x of [draw("x", shape).values, tied]) {
        const [dx] = runFused("HalveGrad", [tf.tensor(x, shape), dy.tensor], 1);
        assertSameBits(dx!.map((value) => value + 0), naiveHalveGrad(x, dy.values, shape), `[${shape}]`);
      }
    }
  }
});

engineTest("groupNormPool() and its gradients agree with a norm, a rectifier and a pooling", () => {
  for (const [shape, groups] of [[[2, 4, 6, 4], 2], [[3, 5, 7, 6], 3], [[1, 2, 2, 8], 1], [[2, 6, 3, 5], 5]] as const) {
    const channels = shape[3];
    compare(
      pooled(groups),
      (x, scale, shift) => tf.maxPool(relu(groupNorm(x!, scale!, shift!, groups)) as Tensor4D, 2, 2, "valid"),
      [[...shape], [channels], [channels]],
      1e-6,
    );
  }
});

engineTest("groupNormPool()'s gradients agree with central differences", () => {
  tf.tidy(() => {
    const inputs = [[2, 2, 4, 4], [4], [4]].map((shape, i) => random(`input ${i}`, shape));
    compareSlopes(pooled(2), inputs, 3e-3, 2 ** -8);
  });
});

engineTest("groupNormPool() takes its own epsilon and leaves out a last odd row and column", () => {
  tf.tidy(() => {
    const values = draw("x", [1, 3, 3, 2]).values;
    const ones = [tf.ones([2]), tf.zeros([2])] as const;
    const value = pooled(1, 2)(tf.tensor(values, [1, 3, 3, 2]), ...ones);
    assertEquals(value.shape, [1, 1, 1, 2]);
    const mean = values.reduce((sum, x) => sum + x, 0) / 18;
    const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 18 + 2);
    const expected = [0, 1].map((c) =>
      Math.max(0, ...[0, 2, 6, 8].map((place) => (values[place + c]! - mean) / deviation))
    );
    assertClose(value, expected, 1e-6);
  });
});

engineTest("groupNormPool() gives a cotangent to one place only where several are largest", () => {
  tf.tidy(() => {
    // Two places share the most; the norm moves with each place, so its gradient is told apart by the scale's.
    const x = tf.tensor4d([1, 3, 3, 1, 0, 0, 0, 0], [1, 2, 4, 1]);
    const given = [x, tf.ones([1]), tf.zeros([1])];
    const dy = tf.ones([1, 1, 2, 1]);
    const value = pooled(1)(...given);
    const [, dscale, dshift] = tf.grads((x, scale, shift) => pooled(1)(x, scale, shift))(given, dy);
    assertEquals([...dshift!.dataSync()], [[...value.dataSync()].filter((entry) => entry > 0).length]);
    assertClose(dscale!, tf.sum(value), 1e-6);
  });
});

/** Asserts that value and gradients are zeros. */
function assertZeros(shape: number[], shift: number): void {
  const inputs = [random("x", shape), tf.ones([4]), tf.fill([4], shift)];
  const results = [pooled(2)(...inputs), ...tf.grads((x, scale, shift) => pooled(2)(x, scale, shift))(inputs)];
  for (const result of results) assertEquals([...result.dataSync()].map(Math.abs), new Array(result.size).fill(0));
}

engineTest("groupNormPool() gives zeros and no gradient where nothing is positive", () => {
  tf.tidy(() => assertZeros([2, 4, 4, 4], -100));
});

fusedTest(["HalveGrad"], "groupNormPool() takes no images", () => {
  assertZeros([0, 4, 4, 4], 1);
});

engineTest("groupNormPool() leaves its inputs as they were, and only what it returns", () => {
  tf.tidy(() => {
    const inputs = [[2, 4, 4, 4], [4], [4]].map((shape, i) => random(`input ${i}`, shape));
    const before = inputs.map((input) => input.dataSync().slice());
    const value = assertNewTensors(1, () => pooled(2)(...inputs));
    assertNewTensors(3, () => tf.grads((x, scale, shift) => pooled(2)(x, scale, shift))(inputs, tf.keep(value)));
    inputs.forEach((input, i) => assertSameBits(input.dataSync(), before[i]!, `input ${i}`));
    value.dispose();
  });
});

engineTest("groupNormPool() refuses shapes and groups that do not fit", () => {
  tf.tidy(() => {
    const [images, four, three] = [tf.ones([1, 2, 2, 4]), tf.ones([4]), tf.ones([3])];
    const refuse = (message: string, x: Tensor, scale: Tensor, shift: Tensor, groups: number) =>
      assertNewTensors(0, () => assertThrows(() => pooled(groups)(x, scale, shift), RangeError, message));
    for (const groups of [3, 0, -2, 1.5, NaN]) {
      refuse(`groups is ${groups}, expected a divisor`, images, four, four, groups);
    }
    refuse("x has shape [4], expected [examples, height, width, channels]", four, four, four, 2);
    refuse("scale has shape [3], expected [4]", images, three, four, 2);
    refuse("shift has shape [3], expected [4]", images, four, three, 2);
  });
});
