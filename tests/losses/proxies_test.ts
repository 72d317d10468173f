import { assertAlmostEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { type Miner, tiled } from "../../core/mod.ts";
import { cosFace, normalizedSoftmax, proxyAnchor } from "../../losses/mod.ts";
import { crossBatchMemory } from "../../samplers/mod.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";
import { differentiate, labelled, matrix, randomRows, valueOf } from "./_support.ts";

const [rows, labels] = [randomRows(1, 6, 4), [2, 0, 1, 1, 0, 2]];
const proxies = () => tf.variable(matrix(randomRows(2, 3, 4)));

engineTest("a loss over proxies leaves out the examples whose positive a miner drops", () => {
  const loss = normalizedSoftmax({ proxies: proxies(), temperature: 0.5 });
  const miner: Miner = ({ positive, negative }, { first }) => {
    const numbers = tf.range(first, first + positive.shape[0]);
    const kept = tf.reshape(tf.greaterEqual(numbers, 2), [-1, 1]);
    return { positive: tf.logicalAnd(positive, kept), negative };
  };
  const expected = differentiate(loss, [rows.slice(2)], labels.slice(2));
  for (const size of [1, 4]) {
    const { value, gradients, params } = differentiate(tiled(loss, { miner, rows: size }), [rows], labels);
    assertAlmostEquals(value, expected.value, 1e-6);
    assertClose(gradients[0]!, [...new Float32Array(8), ...expected.gradients[0]!], 1e-6);
    assertClose(params[0]!, expected.params[0]!, 1e-6);
  }
});

engineTest("proxyAnchor() takes the examples of a memory as further ones of their classes", () => {
  const loss = proxyAnchor({ proxies: proxies(), alpha: 4 });
  const memory = crossBatchMemory({ size: 8, convention: "live" });
  const remembering = tiled(loss, { memory, rows: 2 });
  valueOf(remembering, [rows.slice(0, 3)], labels.slice(0, 3));
  const { value, gradients, params } = differentiate(remembering, [rows.slice(3)], labels.slice(3));
  const both = differentiate(loss, [rows], labels);
  assertAlmostEquals(value, both.value, 1e-6 * both.value);
  assertClose(gradients[0]!, both.gradients[0]!.slice(12), 1e-6);
  assertClose(params[0]!, both.params[0]!, 1e-6);
  memory.dispose();
});

engineTest("a loss whose references are proxies refuses a memory", () => {
  const memory = crossBatchMemory({ size: 8 });
  const loss = tiled(cosFace({ proxies: proxies() }), { memory });
  const [inputs, context] = [matrix(rows), labelled(labels)];
  assertNewTensors(0, () => assertThrows(() => loss([inputs], context), TypeError, "Cannot add a memory to CosFace"));
  memory.dispose();
});
