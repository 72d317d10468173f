import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertThrows } from "@std/assert";
import type { Tensor, Tensor4D } from "../../core/mod.ts";
import { groupNorm, groupNormConv, type GroupNormConvOptions, groupNormRelu, relu } from "../../core/ops/mod.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";
import { assertSameBits, withoutFused } from "./_fused_support.ts";
import { compare, compareSlopes, random, tapeBytes } from "./_ops_support.ts";

type Op = (...inputs: Tensor[]) => Tensor;

const rectified = (groups: number): Op => (x, scale, shift) =>
  groupNormRelu(x!, { scale: scale!, shift: shift!, groups });

const convolved = (groups: number, stride?: number): Op => (x, scale, shift, kernel, plus) =>
  groupNormConv(x!, kernel!, {
    scale: scale!,
    shift: shift!,
    groups,
    ...stride === undefined ? {} : { stride },
    ...plus ? { plus } : {},
  });

const images = [[[2, 4, 6, 4], 2], [[3, 5, 7, 6], 3], [[1, 1, 2, 8], 1], [[2, 6, 3, 5], 5]] as const;

engineTest("groupNormRelu() and its gradients agree with a norm and a rectifier", () => {
  for (const [shape, groups] of images) {
    const composed: Op = (x, scale, shift) => relu(groupNorm(x!, scale!, shift!, groups));
    compare(rectified(groups), composed, [[...shape], [shape[3]], [shape[3]]], 1e-6);
  }
});

engineTest("groupNormConv() and its gradients agree with a norm, a rectifier, a convolution and a sum", () => {
  for (const [[examples, height, width, channels], groups] of images) {
    for (const [size, stride] of [[3, 1], [3, 2], [1, 1], [1, 2]] as const) {
      const composed: Op = (x, scale, shift, kernel, plus) => {
        const image = relu(groupNorm(x!, scale!, shift!, groups)) as Tensor4D;
        const value = tf.conv2d(image, kernel as Tensor4D, stride, "same");
        return plus ? tf.add(value, plus) : value;
      };
      const shapes = [[examples, height, width, channels], [channels], [channels], [size, size, channels, 3]];
      const plus = [examples, Math.ceil(height / stride), Math.ceil(width / stride), 3];
      compare(convolved(groups, stride), composed, shapes, 1e-6);
      compare(convolved(groups, stride), composed, [...shapes, plus], 1e-6);
    }
  }
});

engineTest("groupNormRelu() and groupNormConv() give the same on an engine without their kernels", () => {
  tf.tidy(() => {
    const inputs = [[3, 5, 4, 6], [6], [6], [3, 3, 6, 4], [3, 3, 2, 4]].map((shape, i) => random(`input ${i}`, shape));
    for (const [op, given] of [[rectified(2), inputs.slice(0, 3)], [convolved(2, 2), inputs]] as const) {
      const run = () => [op(...given), ...tf.grads(op)(given)];
      const composed = withoutFused(run);
      run().forEach((tensor, i) => assertClose(tensor, composed[i]!, 1e-6, `result ${i}`));
    }
  });
});

engineTest("groupNormConv()'s gradients agree with central differences", () => {
  tf.tidy(() => {
    // A shift this large keeps all entries above 0, where the rectifier has no corner.
    const inputs = [random("x", [2, 3, 4, 4]), tf.ones([4]), tf.fill([4], 4), random("kernel", [3, 3, 4, 2])];
    compareSlopes(convolved(2, 2), [...inputs, random("plus", [2, 2, 2, 2])], 4e-3);
  });
});

engineTest("groupNormRelu() gives a gradient of zero at zero", () => {
  tf.tidy(() => {
    // Equal places of a group are normalised to 0.
    const inputs = [tf.ones([1, 2, 2, 4]), tf.ones([4]), tf.zeros([4])];
    for (const result of [rectified(2)(...inputs), ...tf.grads(rectified(2))(inputs)]) {
      assertEquals([...result.dataSync()].map(Math.abs), new Array(result.size).fill(0));
    }
  });
});

engineTest("groupNormConv() keeps x and the parameters on the tape, and nothing else", () => {
  tf.tidy(() => {
    const [x, kernel] = [random("x", [4, 8, 8, 4]), random("kernel", [3, 3, 4, 4])];
    const [scale, shift] = [tf.ones([4]), tf.zeros([4])];
    const bytes = tapeBytes((x) => groupNormConv(x, kernel, { scale, shift, groups: 2, plus: x }), x);
    assertEquals(bytes, [x, kernel, scale, shift].reduce((sum, { size }) => sum + 4 * size, 0));
  });
});

engineTest("groupNormConv() leaves its inputs as they were, and only what it returns", () => {
  tf.tidy(() => {
    const inputs = [[2, 4, 4, 4], [4], [4], [3, 3, 4, 4], [2, 4, 4, 4]].map((shape, i) => random(`input ${i}`, shape));
    const before = inputs.map((input) => input.dataSync().slice());
    const value = assertNewTensors(1, () => convolved(2)(...inputs));
    const first = value.dataSync().slice();
    assertNewTensors(5, () => tf.grads(convolved(2))(inputs, tf.keep(value)));
    inputs.forEach((input, i) => assertSameBits(input.dataSync(), before[i]!, `input ${i}`));
    assertSameBits(value.dataSync(), first, "the cotangent");
    value.dispose();
  });
});

engineTest("groupNormConv() refuses what does not fit", () => {
  tf.tidy(() => {
    const [x, four, kernel] = [tf.ones([1, 3, 2, 4]), tf.ones([4]), tf.ones([3, 3, 4, 5])];
    const refuse = (message: string, options: Partial<GroupNormConvOptions> = {}, weights = kernel) =>
      assertNewTensors(0, () => {
        const run = () => groupNormConv(x, weights, { scale: four, shift: four, groups: 2, ...options });
        assertThrows(run, RangeError, message);
      });
    for (const groups of [3, 0]) refuse(`groups is ${groups}, expected a divisor`, { groups });
    refuse("shift has shape [5], expected [4]", { shift: tf.ones([5]) });
    for (const stride of [0, 1.5]) refuse(`stride is ${stride}, expected a positive integer`, { stride });
    refuse("the kernel has shape [3,3,5,5], expected [rows,columns,4,outputs]", {}, tf.ones([3, 3, 5, 5]));
    refuse("the kernel has shape [4,5], expected", {}, tf.ones([4, 5]));
    refuse("what is added has shape [1,3,2,5], expected [1,2,1,5]", { stride: 2, plus: tf.ones([1, 3, 2, 5]) });
  });
});
