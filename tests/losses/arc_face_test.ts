import { assert, assertAlmostEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { arcFace } from "../../losses/mod.ts";
import { engineTest } from "../support/mod.ts";
import { cosines, logSumExp, mean } from "./_naive.ts";
import { proxyLossSuite } from "./_proxy_suite.ts";
import { differentiate, matrix, type Rows } from "./_support.ts";

function naive(rows: Rows, proxies: Rows, labels: readonly number[], margin: number, scale: number): number {
  return mean(
    cosines(rows, proxies).map((row, i) => {
      const logits = row.map((s, c) => {
        const angle = Math.acos(Math.min(Math.max(s, -1), 1));
        if (c !== labels[i]) return scale * s;
        return scale * (angle + margin <= Math.PI ? Math.cos(angle + margin) : s - margin * Math.sin(margin));
      });
      return logSumExp(logits) - logits[labels[i]!]!;
    }),
  );
}

// The wider margin goes beyond π for some of the examples.
for (const margin of [0.5, 1.5]) {
  proxyLossSuite({
    name: `arcFace() with margin ${margin}`,
    title: "ArcFace",
    make: (proxies) => arcFace({ ...proxies, margin, scale: 6 }),
    naive: (rows, proxies, labels) => naive(rows, proxies, labels, margin, 6),
    size: () => 0.01,
    golden: margin === 0.5
      ? [{
        name: "ArcFaceLoss(28.6deg,64)",
        make: (proxies) => arcFace({ ...proxies, margin: 28.6 * Math.PI / 180 }),
      }]
      : [],
  });
}

engineTest("arcFace() continues the cosine beyond π", () => {
  const [margin, label] = [0.5, 0];
  const proxies = tf.variable(matrix([[1, 0], [0, 1]]));
  const losses = Array.from({ length: 30 }, (_, i) => Math.PI * i / 29).map((angle) => {
    const row = [[Math.cos(angle), -Math.sin(angle)]];
    const { value, gradients } = differentiate(arcFace({ proxies, margin, scale: 2 }), [row], [label]);
    assert(gradients[0]!.every(Number.isFinite), `a gradient at angle ${angle} is not finite`);
    // Without the other class's share: the logit of the own class.
    return -Math.log(Math.expm1(value)) / 2 - Math.sin(angle);
  });
  losses.forEach((logit, i) => {
    const angle = Math.PI * i / 29;
    const beyond = Math.cos(angle) - margin * Math.sin(margin);
    assertAlmostEquals(logit, angle + margin > Math.PI ? beyond : Math.cos(angle + margin), 1e-5);
    if (i > 0) assert(logit < losses[i - 1]!, `the logit rises at angle ${angle}`);
  });
});

Deno.test("arcFace() names an option that is wrong", () => {
  const proxies = tf.variable(tf.ones([2, 2]));
  assertThrows(() => arcFace({ proxies, margin: 28.6 }), RangeError, "Cannot make ArcFace: margin is 28.6");
  assertThrows(() => arcFace({ proxies, margin: NaN }), RangeError, "expected radians from 0 to π");
  assertThrows(() => arcFace({ proxies, scale: -1 }), RangeError, "scale is -1");
});
