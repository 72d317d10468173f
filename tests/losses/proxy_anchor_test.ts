import { assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { proxyAnchor } from "../../losses/mod.ts";
import { cosines, mean } from "./_naive.ts";
import { proxyLossSuite } from "./_proxy_suite.ts";
import type { Rows } from "./_support.ts";

function naive(rows: Rows, proxies: Rows, labels: readonly number[], margin: number, alpha: number): number {
  const classes = cosines(proxies, rows).map((row, c) => {
    const sum = (own: boolean, term: (s: number) => number) =>
      row.reduce((sum, s, i) => (labels[i] === c) === own ? sum + Math.exp(term(s)) : sum, 0);
    return {
      present: labels.includes(c),
      pull: Math.log1p(sum(true, (s) => -alpha * (s - margin))),
      push: Math.log1p(sum(false, (s) => alpha * (s + margin))),
    };
  });
  return mean(classes.filter(({ present }) => present).map(({ pull }) => pull)) + mean(classes.map(({ push }) => push));
}

proxyLossSuite({
  name: "proxyAnchor()",
  title: "Proxy-Anchor",
  make: (proxies) => proxyAnchor({ ...proxies, margin: 0.2, alpha: 4 }),
  naive: (rows, proxies, labels) => naive(rows, proxies, labels, 0.2, 4),
  size: (rows) => Math.sqrt(2 / rows),
  golden: [{ name: "ProxyAnchorLoss(margin=0.1,alpha=32)", make: (proxies) => proxyAnchor(proxies) }],
});

Deno.test("proxyAnchor() names an option that is wrong", () => {
  const proxies = tf.variable(tf.ones([2, 2]));
  assertThrows(() => proxyAnchor({ proxies, margin: NaN }), RangeError, "Cannot make Proxy-Anchor: margin is NaN");
  assertThrows(() => proxyAnchor({ proxies, alpha: -1 }), RangeError, "alpha is -1");
});
