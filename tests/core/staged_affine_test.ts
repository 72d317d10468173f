import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertThrows } from "@std/assert";
import type { Tensor } from "../../core/mod.ts";
import { affine, gelu, geluAffine, layerNorm, normAffine, relu, reluAffine } from "../../core/ops/mod.ts";
import { assertNewTensors, engineTest } from "../support/mod.ts";
import { assertSameBits, draw, fusedTest } from "./_fused_support.ts";
import { compare, compareSlopes, random } from "./_ops_support.ts";

type Op = (...inputs: Tensor[]) => Tensor;

/** Each op, the two that it stands for, and the shapes of its parameters for a width and a number of outputs. */
const staged: readonly { name: string; op: Op; composed: Op; own: (width: number, outputs: number) => number[][] }[] = [
  {
    name: "normAffine",
    op: (x, scale, shift, kernel, bias) => normAffine(x!, { scale: scale!, shift: shift! }, kernel!, bias!),
    composed: (x, scale, shift, kernel, bias) => affine(layerNorm(x!, scale!, shift!), kernel!, bias),
    own: (width, outputs) => [[width], [width], [width, outputs], [outputs]],
  },
  {
    name: "geluAffine",
    op: (x, kernel, bias) => geluAffine(x!, kernel!, bias!),
    composed: (x, kernel, bias) => affine(gelu(x!), kernel!, bias),
    own: (width, outputs) => [[width, outputs], [outputs]],
  },
  {
    name: "reluAffine",
    op: (x, kernel, bias) => reluAffine(x!, kernel!, bias!),
    composed: (x, kernel, bias) => affine(relu(x!), kernel!, bias),
    own: (width, outputs) => [[width, outputs], [outputs]],
  },
];

for (const { name, op, composed, own } of staged) {
  engineTest(`${name}() and its gradients agree with the two ops that it stands for`, () => {
    for (const [rows, width, outputs] of [[1, 3, 1], [7, 8, 5], [300, 13, 9]] as const) {
      compare(op, composed, [[rows, width], ...own(width, outputs)], 1e-6);
    }
  });

  engineTest(`${name}()'s gradients agree with central differences`, () => {
    tf.tidy(() => {
      // Away from 0, where the rectifier has no slope.
      const x = tf.tensor2d(draw("x", [3, 5]).values.map((value) => value + 0.1 * Math.sign(value)), [3, 5]);
      compareSlopes(op, [x, ...own(5, 4).map((shape, i) => random(`own ${i}`, shape))], 2e-3);
    });
  });

  engineTest(`${name}() leaves all that shares its inputs' memory as it was`, () => {
    tf.tidy(() => {
      const variables = [[6, 5], ...own(5, 4)].map((shape, i) => tf.variable(random(`input ${i}`, shape)));
      const inputs = variables as Tensor[];
      const watched = inputs.flatMap((input) => [input, tf.clone(input), tf.reshape(input, [-1])]);
      const before = watched.map((tensor) => tensor.dataSync().slice());
      const value = op(...inputs);
      const first = value.dataSync().slice();
      tf.grads(op)(inputs.map((input) => tf.clone(input)), random("dy", value.shape));
      op(...inputs).dispose();
      watched.forEach((tensor, i) => assertSameBits(tensor.dataSync(), before[i]!, `tensor ${i}`));
      assertSameBits(value.dataSync(), first, "an earlier value");
      tf.dispose(variables);
    });
  });

  fusedTest(["SumRows"], `${name}() takes no rows`, () => {
    const inputs = [[0, 3], ...own(3, 2)].map((shape, i) => random(`input ${i}`, shape));
    assertEquals(op(...inputs).shape, [0, 2]);
    tf.grads(op)(inputs).forEach((gradient, i) => {
      assertEquals(gradient.shape, inputs[i]!.shape);
      assertEquals([...gradient.dataSync()], new Array(gradient.size).fill(0));
    });
  });

  engineTest(`${name}() gives any one input's gradient alone`, () => {
    tf.tidy(() => {
      const some = [[4, 3], ...own(3, 2)].map((shape, i) => random(`input ${i}`, shape));
      const all = tf.grads(op)(some);
      some.forEach((input, place) => {
        const alone = (x: Tensor) => op(...some.map((other, i) => i === place ? x : other));
        const gradient = assertNewTensors(1, () => tf.grad(alone)(input));
        assertSameBits(gradient.dataSync(), all[place]!.dataSync(), `gradient ${place}`);
      });
    });
  });

  engineTest(`${name}() refuses shapes that do not fit, and leaves nothing behind`, () => {
    tf.tidy(() => {
      const [x, ...fit] = [[2, 3], ...own(3, 4)].map((shape) => tf.ones(shape)) as [Tensor, ...Tensor[]];
      const [norm, kernel, bias] = [fit.slice(0, -2), fit.at(-2)!, fit.at(-1)!];
      const refuse = (message: string, ...inputs: Tensor[]) =>
        assertNewTensors(0, () => assertThrows(() => op(...inputs), RangeError, message));
      const [other, column, flat] = [tf.ones([2, 4]), tf.ones([3]), tf.ones([4, 1])];
      refuse("x has shape [2,3] and the kernel [2,4], expected [rows, n] and [n, outputs]", x, ...norm, other, bias);
      refuse("x has shape [2,3] and the kernel [3], expected", x, ...norm, column, bias);
      refuse("the bias has shape [3], expected [4]", x, ...norm, kernel, column);
      refuse("the bias has shape [4,1], expected [4]", x, ...norm, kernel, flat);
      refuse("x has shape [2,3,3] and the kernel", tf.tidy(() => tf.ones([2, 3, 3])), ...norm, kernel, bias);
    });
  });
}

engineTest("normAffine() takes its own epsilon, and refuses a scale that does not fit", () => {
  tf.tidy(() => {
    const [x, kernel, bias] = [random("x", [4, 3]), random("kernel", [3, 2]), tf.zeros([2])];
    const [scale, shift] = [tf.ones([3]), tf.zeros([3])];
    compare(
      (x) => normAffine(x!, { scale, shift, epsilon: 0.5 }, kernel, bias),
      (x) => affine(layerNorm(x!, scale, shift, 0.5), kernel, bias),
      [[4, 3]],
      1e-6,
    );
    const four = tf.ones([4]);
    assertThrows(() => normAffine(x, { scale: four, shift }, kernel, bias), RangeError, "scale [4], expected [3]");
    assertThrows(() => normAffine(x, { scale, shift: four }, kernel, bias), RangeError, "shift [4], expected [3]");
  });
});

engineTest("affine() adds its bias to nothing but its own product", () => {
  tf.tidy(() => {
    // A product with the identity equals x, and one by one matrices are the smallest that there are.
    for (const size of [1, 4]) {
      const [x, kernel, bias] = [random("x", [size, size]), tf.eye(size), tf.ones([size])];
      const watched = [x, kernel, bias, tf.clone(x), tf.reshape(x, [-1]), tf.clone(bias)];
      const before = watched.map((tensor) => tensor.dataSync().slice());
      const value = affine(x, kernel, bias);
      const first = value.dataSync().slice();
      affine(value, kernel, bias);
      affine(x, kernel, bias);
      tf.grads((x, kernel, bias) => affine(affine(x!, kernel!, bias), kernel!, bias))([x, kernel, bias]);
      watched.forEach((tensor, i) => assertSameBits(tensor.dataSync(), before[i]!, `tensor ${i}`));
      assertSameBits(value.dataSync(), first, "an earlier value");
    }
  });
});
