import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { learnableTemperature, normalizedSoftmax } from "../../losses/mod.ts";
import { engineTest } from "../support/mod.ts";
import { cosines, logSumExp, mean } from "./_naive.ts";
import { proxyLossSuite } from "./_proxy_suite.ts";
import { differentiate, matrix, randomRows, type Rows } from "./_support.ts";

function naive(rows: Rows, proxies: Rows, labels: readonly number[], temperature: number): number {
  return mean(
    cosines(rows, proxies).map((row, i) => {
      const logits = row.map((s) => s / temperature);
      return logSumExp(logits) - logits[labels[i]!]!;
    }),
  );
}

proxyLossSuite({
  name: "normalizedSoftmax()",
  title: "the normalized softmax",
  make: (proxies) => normalizedSoftmax({ ...proxies, temperature: 0.2 }),
  naive: (rows, proxies, labels) => naive(rows, proxies, labels, 0.2),
  // Numbers up to 1/√dim.
  size: (_, dim) => Math.sqrt(1 / (3 * dim)),
  golden: [{ name: "NormalizedSoftmaxLoss(0.05)", make: (proxies) => normalizedSoftmax(proxies) }],
});

engineTest("normalizedSoftmax() trains a temperature along", () => {
  const [rows, proxies, labels] = [randomRows(1, 5, 3), randomRows(2, 4, 3), [0, 3, 1, 1, 0]];
  const temperature = learnableTemperature({ initial: 0.2 });
  const loss = normalizedSoftmax({ proxies: tf.variable(matrix(proxies)), temperature });
  assertEquals(Object.keys(loss.params), ["proxies", "logScale"]);
  const { value, params } = differentiate(loss, [rows], labels);
  assertAlmostEquals(value, naive(rows, proxies, labels, 0.2), 1e-5 * value);
  const at = (change: number) => naive(rows, proxies, labels, 0.2 * Math.exp(-change));
  const slope = (at(1e-4) - at(-1e-4)) / 2e-4;
  assertAlmostEquals(params[1]![0]!, slope, 1e-4 * Math.abs(slope));
});

Deno.test("normalizedSoftmax() names an option that is wrong", () => {
  const proxies = tf.variable(tf.ones([2, 2]));
  assertThrows(() => normalizedSoftmax({ proxies, temperature: 0 }), RangeError, "temperature is 0");
});
