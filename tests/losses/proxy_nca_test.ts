import { assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { proxyNCA } from "../../losses/mod.ts";
import { cosines, logSumExp, mean } from "./_naive.ts";
import { proxyLossSuite } from "./_proxy_suite.ts";
import type { Rows } from "./_support.ts";

function naive(rows: Rows, proxies: Rows, labels: readonly number[], scale: number, withOwn: boolean): number {
  return mean(
    cosines(rows, proxies).flatMap((row, i) => {
      const logits = row.map((s) => -scale * (2 - 2 * s));
      const others = logits.filter((_, c) => withOwn || c !== labels[i]);
      return others.length === 0 ? [] : [logSumExp(others) - logits[labels[i]!]!];
    }),
  );
}

proxyLossSuite({
  name: "proxyNCA()",
  title: "Proxy-NCA",
  make: (proxies) => proxyNCA(proxies),
  naive: (rows, proxies, labels) => naive(rows, proxies, labels, 1, true),
  size: () => 1,
  golden: [
    { name: "ProxyNCALoss(softmax_scale=1)", make: (proxies) => proxyNCA(proxies) },
    { name: "ProxyNCALoss(softmax_scale=3)", make: (proxies) => proxyNCA({ ...proxies, scale: 3 }) },
  ],
});
proxyLossSuite({
  name: "proxyNCA() against negatives",
  title: "Proxy-NCA",
  make: (proxies) => proxyNCA({ ...proxies, scale: 2, denominator: "negatives" }),
  naive: (rows, proxies, labels) => naive(rows, proxies, labels, 2, false),
  size: () => 1,
  golden: [],
});

Deno.test("proxyNCA() names an option that is wrong", () => {
  const proxies = tf.variable(tf.ones([2, 2]));
  assertThrows(() => proxyNCA({ proxies, scale: 0 }), RangeError, "Cannot make Proxy-NCA: scale is 0");
  assertThrows(() => proxyNCA({ proxies, denominator: "none" as never }), RangeError, "denominator is none");
});
