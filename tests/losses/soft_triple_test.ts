import { assertAlmostEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { normalizedSoftmax, softTriple } from "../../losses/mod.ts";
import { engineTest } from "../support/mod.ts";
import { cosines, distance, dot, logSumExp, mean, unit } from "./_naive.ts";
import { proxyLossSuite } from "./_proxy_suite.ts";
import { matrix, randomRows, type Rows, valueOf } from "./_support.ts";

interface Settings {
  readonly centers: number;
  readonly lambda: number;
  readonly gamma: number;
  readonly delta: number;
  readonly tau: number;
}

function naive(rows: Rows, proxies: Rows, labels: readonly number[], settings: Settings): number {
  const { centers, lambda, gamma, delta, tau } = settings;
  const classes = Array.from({ length: proxies.length / centers }, (_, c) => c * centers);
  const losses = cosines(rows, proxies).map((row, i) => {
    const logits = classes.map((first, c) => {
      const own = row.slice(first, first + centers);
      const total = own.reduce((sum, s) => sum + Math.exp(s / gamma), 0);
      const similarity = own.reduce((sum, s) => sum + Math.exp(s / gamma) / total * s, 0);
      return lambda * (c === labels[i] ? similarity - delta : similarity);
    });
    return logSumExp(logits) - logits[labels[i]!]!;
  });
  const distances = classes.flatMap((first) => {
    const own = unit(proxies.slice(first, first + centers));
    return own.flatMap((a, k) => own.slice(k + 1).map((b) => distance(dot(a, b))));
  });
  const spread = distances.reduce((sum, d) => sum + d, 0) / (proxies.length * (centers - 1));
  return mean(losses) + (centers > 1 ? tau * spread : 0);
}

const settings = { centers: 3, lambda: 5, gamma: 0.3, delta: 0.1, tau: 0.7 };

proxyLossSuite({
  name: "softTriple()",
  title: "SoftTriple",
  make: (proxies) => softTriple({ ...proxies, ...settings }),
  naive: (rows, proxies, labels) => naive(rows, proxies, labels, settings),
  centers: 3,
  size: (rows) => Math.sqrt(1 / (3 * rows)),
  golden: [],
});

const [rows, labels] = [randomRows(1, 6, 4), [1, 0, 1, 2, 2, 0]];

engineTest("softTriple() has the defaults of the paper", () => {
  const proxies = randomRows(2, 30, 4);
  const value = valueOf(softTriple({ proxies: tf.variable(matrix(proxies)) }), [rows], labels);
  const expected = naive(rows, proxies, labels, { centers: 10, lambda: 20, gamma: 0.1, delta: 0.01, tau: 0.2 });
  assertAlmostEquals(value, expected, 1e-5 * expected);
});

engineTest("softTriple() with one center and no margin is the normalized softmax", () => {
  const proxies = tf.variable(matrix(randomRows(2, 3, 4)));
  const value = valueOf(softTriple({ proxies, centers: 1, lambda: 10, delta: 0 }), [rows], labels);
  assertAlmostEquals(value, valueOf(normalizedSoftmax({ proxies, temperature: 0.1 }), [rows], labels), 1e-6);
});

Deno.test("softTriple() names an option that is wrong", () => {
  const proxies = tf.variable(tf.ones([10, 2]));
  assertThrows(() => softTriple({ proxies, centers: 0 }), RangeError, "Cannot make SoftTriple: centers is 0");
  assertThrows(() => softTriple({ proxies, centers: 2.5 }), RangeError, "centers is 2.5");
  assertThrows(() => softTriple({ proxies, gamma: 0 }), RangeError, "gamma is 0");
  assertThrows(() => softTriple({ proxies, lambda: -2 }), RangeError, "lambda is -2");
  assertThrows(() => softTriple({ proxies, tau: NaN }), RangeError, "tau is NaN");
});
