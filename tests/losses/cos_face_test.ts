import { assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { cosFace } from "../../losses/mod.ts";
import { cosines, logSumExp, mean } from "./_naive.ts";
import { proxyLossSuite } from "./_proxy_suite.ts";
import type { Rows } from "./_support.ts";

function naive(rows: Rows, proxies: Rows, labels: readonly number[], margin: number, scale: number): number {
  return mean(
    cosines(rows, proxies).map((row, i) => {
      const logits = row.map((s, c) => scale * (c === labels[i] ? s - margin : s));
      return logSumExp(logits) - logits[labels[i]!]!;
    }),
  );
}

proxyLossSuite({
  name: "cosFace()",
  title: "CosFace",
  make: (proxies) => cosFace({ ...proxies, margin: 0.2, scale: 6 }),
  naive: (rows, proxies, labels) => naive(rows, proxies, labels, 0.2, 6),
  size: () => 0.01,
  golden: [{ name: "CosFaceLoss(0.35,64)", make: (proxies) => cosFace(proxies) }],
});

Deno.test("cosFace() names an option that is wrong", () => {
  const proxies = tf.variable(tf.ones([2, 2]));
  assertThrows(() => cosFace({ proxies, margin: Infinity }), RangeError, "Cannot make CosFace: margin is Infinity");
  assertThrows(() => cosFace({ proxies, scale: 0 }), RangeError, "scale is 0");
});
