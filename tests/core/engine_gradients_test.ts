import * as tf from "@tensorflow/tfjs";
import { assertEquals } from "@std/assert";
import { useBackend } from "../../core/backend.ts";
import { key } from "../../core/key.ts";
import { normal } from "../../core/stream.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";

type Op = (...inputs: tf.Tensor[]) => tf.Tensor;

/** An operation of which encoders and losses are made, and the shapes that it is tried on. */
interface Case {
  readonly shapes: readonly (readonly number[])[];
  readonly run: Op;
  /** Maps the normal inputs to the operation's domain. */
  readonly domain?: (value: number) => number;
}

const positive = (value: number): number => Math.abs(value) + 0.5;
const ids = (...values: number[]): tf.Tensor1D => tf.tensor1d(values, "int32");
const as4d = (run: (x: tf.Tensor4D, filter: tf.Tensor4D) => tf.Tensor): Op => (x, filter) =>
  run(x as tf.Tensor4D, filter as tf.Tensor4D);
const conv = (stride: number | [number, number], pad: "same" | "valid"): Op =>
  as4d((x, filter) => tf.conv2d(x, filter, stride, pad));
const depthwise = (stride: number, pad: "same" | "valid"): Op =>
  as4d((x, filter) => tf.depthwiseConv2d(x, filter, stride, pad));
const maxPool = (size: number, stride: number, pad: "same" | "valid"): Op => (x) =>
  tf.maxPool(x as tf.Tensor4D, size, stride, pad);
const avgPool = (size: number, stride: number, pad: "same" | "valid"): Op => (x) =>
  tf.avgPool(x as tf.Tensor4D, size, stride, pad);

function normalise(x: tf.Tensor, axes: number[]): tf.Tensor {
  const { mean, variance } = tf.moments(x, axes, true);
  return tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5)));
}

function attention(q: tf.Tensor, k: tf.Tensor, v: tf.Tensor): tf.Tensor {
  const mask = tf.tensor([0, 0, 0, -1e9], [1, 1, 1, 4]);
  return tf.matMul(tf.softmax(tf.add(tf.matMul(q, k, false, true), mask)), v);
}

const cases: Readonly<Record<string, Case>> = {
  "matMul": { shapes: [[5, 7], [7, 3]], run: (a, b) => tf.matMul(a, b) },
  "matMul, left transposed": { shapes: [[7, 5], [7, 3]], run: (a, b) => tf.matMul(a, b, true) },
  "matMul, right transposed": { shapes: [[5, 7], [3, 7]], run: (a, b) => tf.matMul(a, b, false, true) },
  "matMul, both transposed": { shapes: [[7, 5], [3, 7]], run: (a, b) => tf.matMul(a, b, true, true) },
  "matMul, large": { shapes: [[40, 33], [37, 33]], run: (a, b) => tf.matMul(a, b, false, true) },
  "matMul of a row": { shapes: [[1, 70], [65, 70]], run: (a, b) => tf.matMul(a, b, false, true) },
  "matMul, batches": { shapes: [[3, 4, 5], [3, 5, 2]], run: (a, b) => tf.matMul(a, b) },
  "matMul, large batches": { shapes: [[3, 17, 19], [3, 19, 18]], run: (a, b) => tf.matMul(a, b) },
  "matMul, large batches, left transposed": {
    shapes: [[3, 19, 17], [3, 19, 18]],
    run: (a, b) => tf.matMul(a, b, true, false),
  },
  "matMul, large batches, right transposed": {
    shapes: [[2, 3, 17, 19], [2, 3, 18, 19]],
    run: (a, b) => tf.matMul(a, b, false, true),
  },
  "matMul, large batches, both transposed": {
    shapes: [[2, 3, 19, 17], [2, 3, 18, 19]],
    run: (a, b) => tf.matMul(a, b, true, true),
  },
  "dot": { shapes: [[6], [6]], run: (a, b) => tf.dot(a, b) },
  "attention": { shapes: [[2, 2, 4, 3], [2, 2, 4, 3], [2, 2, 4, 3]], run: attention },
  "gather": { shapes: [[6, 3]], run: (table) => tf.gather(table, ids(5, 0, 5, 2)) },
  "gather of a matrix of ids": {
    shapes: [[6, 3]],
    run: (table) => tf.gather(table, tf.tensor2d([[5, 0], [5, 2]], [2, 2], "int32")),
  },
  "gather of columns": { shapes: [[3, 6]], run: (table) => tf.gather(table, ids(5, 0, 5), 1) },
  "unsortedSegmentSum": {
    shapes: [[5, 3]],
    run: (x) => tf.unsortedSegmentSum(x, ids(2, 0, 2, 3, 0), 5),
  },
  "conv2d, stride 1, same": { shapes: [[2, 5, 6, 3], [3, 3, 3, 4]], run: conv(1, "same") },
  "conv2d, stride 1, valid": { shapes: [[2, 5, 6, 3], [3, 2, 3, 4]], run: conv(1, "valid") },
  "conv2d, stride 2, same": { shapes: [[2, 5, 6, 3], [3, 3, 3, 4]], run: conv(2, "same") },
  "conv2d, stride 2, valid": { shapes: [[2, 6, 7, 3], [3, 3, 3, 4]], run: conv(2, "valid") },
  "conv2d, stride 2 by 1": { shapes: [[2, 5, 6, 3], [3, 3, 3, 4]], run: conv([2, 1], "same") },
  "conv2d, stride past the filter": { shapes: [[2, 7, 7, 3], [2, 2, 3, 4]], run: conv(3, "same") },
  "conv2d, 1 by 1": { shapes: [[2, 4, 5, 3], [1, 1, 3, 4]], run: conv(1, "same") },
  "conv2d, 1 by 1, stride 2": { shapes: [[2, 4, 5, 3], [1, 1, 3, 4]], run: conv(2, "same") },
  "conv2d, filter larger than the image": { shapes: [[1, 2, 2, 1], [5, 5, 1, 2]], run: conv(1, "same") },
  "conv1d": {
    shapes: [[2, 7, 3], [3, 3, 4]],
    run: (x, filter) => tf.conv1d(x as tf.Tensor3D, filter as tf.Tensor3D, 2, "same"),
  },
  "depthwiseConv2d, stride 1": { shapes: [[2, 5, 6, 3], [3, 3, 3, 1]], run: depthwise(1, "same") },
  "depthwiseConv2d, stride 2, multiplier 2": { shapes: [[2, 5, 6, 3], [3, 3, 3, 2]], run: depthwise(2, "valid") },
  "separableConv2d": {
    shapes: [[2, 5, 5, 2], [3, 3, 2, 1], [1, 1, 2, 4]],
    run: (x, depth, point) =>
      tf.separableConv2d(x as tf.Tensor4D, depth as tf.Tensor4D, point as tf.Tensor4D, 1, "same"),
  },
  "conv2dTranspose": {
    shapes: [[2, 3, 3, 3], [2, 2, 4, 3]],
    run: as4d((x, filter) => tf.conv2dTranspose(x, filter, [2, 6, 6, 4], 2, "same")),
  },
  "maxPool, halves": { shapes: [[2, 6, 6, 3]], run: maxPool(2, 2, "valid") },
  "maxPool, overlapping": { shapes: [[2, 5, 6, 3]], run: maxPool(3, 2, "same") },
  "avgPool, halves": { shapes: [[2, 6, 6, 3]], run: avgPool(2, 2, "valid") },
  "avgPool, overlapping": { shapes: [[2, 7, 7, 3]], run: avgPool(3, 2, "valid") },
  "mean of all": { shapes: [[3, 4]], run: (x) => tf.mean(x) },
  "mean of places": { shapes: [[2, 3, 4, 5]], run: (x) => tf.mean(x, [1, 2]) },
  "sum of rows": { shapes: [[3, 4]], run: (x) => tf.sum(x, 1) },
  "sum of leading axes": { shapes: [[3, 4, 2]], run: (x) => tf.sum(x, [0, 1]) },
  "moments": { shapes: [[3, 4, 5]], run: (x) => tf.moments(x, [0, 2]).variance },
  "max": { shapes: [[3, 4]], run: (x) => tf.max(x, 1) },
  "min": { shapes: [[3, 4]], run: (x) => tf.min(x, 0) },
  "norm": { shapes: [[3, 4]], run: (x) => tf.norm(x, 2, 1) },
  "cumsum": { shapes: [[3, 4]], run: (x) => tf.cumsum(x, 1) },
  "rsqrt": { shapes: [[3, 4]], run: (x) => tf.rsqrt(x), domain: positive },
  "sqrt": { shapes: [[3, 4]], run: (x) => tf.sqrt(x), domain: positive },
  "square": { shapes: [[3, 4]], run: (x) => tf.square(x) },
  "exp": { shapes: [[3, 4]], run: (x) => tf.exp(x) },
  "log": { shapes: [[3, 4]], run: (x) => tf.log(x), domain: positive },
  "log1p": { shapes: [[3, 4]], run: (x) => tf.log1p(x), domain: positive },
  "abs": { shapes: [[3, 4]], run: (x) => tf.abs(x) },
  "neg": { shapes: [[3, 4]], run: (x) => tf.neg(x) },
  "reciprocal": { shapes: [[3, 4]], run: (x) => tf.reciprocal(x), domain: positive },
  "pow": { shapes: [[3, 4]], run: (x) => tf.pow(x, 3), domain: positive },
  "clipByValue": { shapes: [[3, 4]], run: (x) => tf.clipByValue(x, -0.5, 0.5) },
  "add, broadcast": { shapes: [[3, 4], [4]], run: (a, b) => tf.add(a, b) },
  "sub, broadcast": { shapes: [[3, 1], [1, 4]], run: (a, b) => tf.sub(a, b) },
  "mul, broadcast": { shapes: [[2, 3, 4], [3, 1]], run: (a, b) => tf.mul(a, b) },
  "div, broadcast": { shapes: [[3, 4], [3, 1]], run: (a, b) => tf.div(a, b), domain: positive },
  "div by a scalar": { shapes: [[3, 4], []], run: (a, b) => tf.div(a, b), domain: positive },
  "maximum": { shapes: [[3, 4], [3, 4]], run: (a, b) => tf.maximum(a, b) },
  "minimum": { shapes: [[3, 4], [3, 4]], run: (a, b) => tf.minimum(a, b) },
  "squaredDifference": { shapes: [[3, 4], [3, 4]], run: (a, b) => tf.squaredDifference(a, b) },
  "softmax": { shapes: [[2, 3, 4]], run: (x) => tf.softmax(x) },
  "logSoftmax": { shapes: [[3, 4]], run: (x) => tf.logSoftmax(x) },
  "logSumExp": { shapes: [[3, 4]], run: (x) => tf.logSumExp(x, 1) },
  "erf": { shapes: [[3, 4]], run: (x) => tf.erf(x) },
  "tanh": { shapes: [[3, 4]], run: (x) => tf.tanh(x) },
  "sigmoid": { shapes: [[3, 4]], run: (x) => tf.sigmoid(x) },
  "softplus": { shapes: [[3, 4]], run: (x) => tf.softplus(x) },
  "relu": { shapes: [[3, 4]], run: (x) => tf.relu(x) },
  "leakyRelu": { shapes: [[3, 4]], run: (x) => tf.leakyRelu(x, 0.1) },
  "elu": { shapes: [[3, 4]], run: (x) => tf.elu(x) },
  "gelu": { shapes: [[3, 4]], run: (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.div(x, Math.SQRT2)), 1)) },
  "gelu by tanh": {
    shapes: [[3, 4]],
    run: (x) => tf.mul(x, tf.add(tf.tanh(tf.mul(tf.add(x, tf.mul(tf.pow(x, 3), 0.044715)), 0.79788456)), 1)),
  },
  "swish": { shapes: [[3, 4]], run: (x) => tf.mul(x, tf.sigmoid(x)) },
  "layer norm": {
    shapes: [[3, 8], [8], [8]],
    run: (x, scale, shift) => tf.add(tf.mul(normalise(x, [1]), scale), shift),
  },
  "group norm": {
    shapes: [[2, 3, 4, 6], [6]],
    run: (x, scale) => tf.mul(tf.reshape(normalise(tf.reshape(x, [2, 3, 4, 2, 3]), [1, 2, 4]), [2, 3, 4, 6]), scale),
  },
  "transpose": { shapes: [[2, 3, 4]], run: (x) => tf.transpose(x, [2, 0, 1]) },
  "transpose of heads": { shapes: [[2, 3, 4, 5]], run: (x) => tf.transpose(x, [0, 2, 1, 3]) },
  "reshape": { shapes: [[2, 6]], run: (x) => tf.reshape(x, [3, -1]) },
  "expandDims and squeeze": { shapes: [[2, 1, 3]], run: (x) => tf.expandDims(tf.squeeze(x, [1]), 0) },
  "concat": { shapes: [[2, 3], [2, 1]], run: (a, b) => tf.concat([a, b], 1) },
  "slice": { shapes: [[4, 5]], run: (x) => tf.slice(x, [1, 2], [2, 3]) },
  "split": { shapes: [[4, 6]], run: (x) => tf.add(...(tf.split(x, 2, 1) as [tf.Tensor, tf.Tensor])) },
  "stack": { shapes: [[2, 3], [2, 3]], run: (a, b) => tf.stack([a, b], 1) },
  "unstack": { shapes: [[2, 3]], run: (x) => tf.mul(...(tf.unstack(x) as [tf.Tensor, tf.Tensor])) },
  "pad": { shapes: [[2, 3]], run: (x) => tf.pad(x, [[1, 0], [2, 1]]) },
  "tile": { shapes: [[2, 3]], run: (x) => tf.tile(x, [2, 2]) },
  "reverse": { shapes: [[2, 3]], run: (x) => tf.reverse(x, 1) },
  "depthToSpace": {
    shapes: [[1, 2, 2, 8]],
    run: (x) => tf.transpose(tf.reshape(x, [1, 2, 2, 2, 2, 2]), [0, 1, 3, 2, 4, 5]),
  },
  "where": {
    shapes: [[2, 3], [2, 3]],
    run: (a, b) => tf.where(tf.tensor2d([[1, 0, 1], [0, 1, 0]], [2, 3], "bool"), a, b),
  },
  "oneHot times table": { shapes: [[4, 3]], run: (table) => tf.matMul(tf.oneHot(ids(3, 0, 3), 4).toFloat(), table) },
  "cast": { shapes: [[2, 3]], run: (x) => tf.mul(x, tf.cast(tf.tensor1d([1, 0, 1], "bool"), "float32")) },
  "clone": { shapes: [[2, 3]], run: (x) => tf.clone(x) },
};

/** The value, weighted so that no two entries count alike, and the gradient of each input. */
function evaluate({ shapes, run, domain }: Case, name: string): { value: Float32Array; gradients: Float32Array[] } {
  return tf.tidy(() => {
    const inputs = shapes.map((shape, i) => {
      const numbers = normal(key(name.length), [i], tf.util.sizeFromShape([...shape]));
      return tf.tensor(domain ? numbers.map(domain) : numbers, [...shape], "float32");
    });
    const value = run(...inputs);
    const weights = tf.tensor(normal(key(7), [0], value.size), value.shape);
    const gradients = tf.grads((...x: tf.Tensor[]) => run(...x))(inputs, weights);
    return {
      value: value.dataSync() as Float32Array,
      gradients: gradients.map((gradient, i) => {
        assertEquals(gradient.shape, [...shapes[i]!], `${name}: shape of gradient ${i}`);
        return gradient.dataSync() as Float32Array;
      }),
    };
  });
}

for (const [name, of] of Object.entries(cases)) {
  engineTest(`${name}: value and gradients agree with the cpu engine`, async (engine) => {
    const actual = assertNewTensors(0, () => evaluate(of, name));
    await useBackend({ backend: "cpu", quiet: true });
    const expected = evaluate(of, name);
    await useBackend({ backend: engine, quiet: true });
    assertClose(actual.value, expected.value, 1e-4, `${name}: value`);
    for (const [i, gradient] of expected.gradients.entries()) {
      assertClose(actual.gradients[i]!, gradient, 1e-4, `${name}: gradient ${i}`);
    }
  });
}
