import { assertAlmostEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { type Miner, tiled } from "../../core/mod.ts";
import { multiSimilarity } from "../../losses/mod.ts";
import { assertClose, engineTest } from "../support/mod.ts";
import { cosines, logSumExp, mean, relatives, softplus } from "./_naive.ts";
import { goldenCase, rowLossSuite } from "./_row_loss_suite.ts";
import { differentiate, type Rows } from "./_support.ts";

function naive(rows: Rows, labels: readonly number[], alpha: number, beta: number, base: number): number {
  const all = cosines(rows);
  return mean(labels.map((_, a) => {
    const { positives, negatives } = relatives(labels, a);
    const part = (slope: number, others: number[]) =>
      softplus(logSumExp(others.map((j) => slope * (all[a]![j]! - base)))) / Math.abs(slope);
    return part(-alpha, positives) + part(beta, negatives);
  }));
}

rowLossSuite({
  name: "multiSimilarity()",
  make: () => multiSimilarity({ alpha: 3, beta: 20, base: 0.3 }),
  naive: (rows, labels) => naive(rows, labels, 3, 20, 0.3),
  golden: ["", "Z ", "X,labels2 "].map((prefix) => ({
    name: `${prefix}MultiSimilarityLoss(2,50,0.5)`,
    make: () => multiSimilarity(),
  })),
});

/** Keeps positives that are farther than the nearest negative, by a margin, and negatives the other way round. */
function mine(epsilon: number): Miner {
  return ({ positive, negative }, { cosine }) => {
    const nearest = tf.max(tf.where(negative, cosine, tf.fill(cosine.shape, -9)), 1, true);
    const farthest = tf.min(tf.where(positive, cosine, tf.fill(cosine.shape, 9)), 1, true);
    return {
      positive: tf.logicalAnd(positive, tf.less(tf.sub(cosine, epsilon), nearest)) as tf.Tensor2D,
      negative: tf.logicalAnd(negative, tf.greater(tf.add(cosine, epsilon), farthest)) as tf.Tensor2D,
    };
  };
}

const mined: [string, number][] = [
  ["MultiSimilarityLoss(2,50,0.5)+MultiSimilarityMiner(0.1)", 0.1],
  ["Z MultiSimilarityLoss+Miner(eps=0.1)", 0.1],
  ["Z MultiSimilarityLoss+Miner(eps=0.0)", 0],
  ["X,labels2 MultiSimilarityLoss+Miner(eps=0.1)", 0.1],
  ["X,labels2 MultiSimilarityLoss+Miner(eps=0.0)", 0],
];
for (const [name, epsilon] of mined) {
  engineTest(`multiSimilarity() with its mining agrees with ${name}`, () => {
    const { matrices, labels, loss, gradFro, gradRow0 } = goldenCase(name);
    for (const rows of [3, Infinity]) {
      const { value, gradients } = differentiate(
        tiled(multiSimilarity(), { rows, miner: mine(epsilon) }),
        matrices,
        labels,
      );
      assertAlmostEquals(value, loss, 1e-5 * loss);
      assertAlmostEquals(Math.hypot(...gradients[0]!), gradFro[0]!, 1e-4 * gradFro[0]!);
      assertClose(gradients[0]!.slice(0, 4), gradRow0[0]!, 1e-4);
    }
  });
}

engineTest("multiSimilarity() counts anchors without a pair in its mean", () => {
  const rows = [[1, 0], [0, 1]];
  const none: Miner = ({ positive, negative }) => ({ positive, negative: tf.logicalAnd(negative, positive) });
  const half: Miner = ({ positive, negative }, { first }) => ({
    positive,
    negative: first === 0 ? negative : tf.logicalAnd(negative, positive),
  });
  const value = (miner: Miner) =>
    differentiate(tiled(multiSimilarity({ beta: 1, base: 0 }), { rows: 1, miner }), [rows], [0, 1]).value;
  assertAlmostEquals(value(half), Math.log(2) / 2, 1e-6);
  assertAlmostEquals(value(none), 0, 1e-9);
});

Deno.test("multiSimilarity() names an option that is wrong", () => {
  assertThrows(() => multiSimilarity({ alpha: 0 }), RangeError, "alpha is 0");
  assertThrows(() => multiSimilarity({ beta: -1 }), RangeError, "beta is -1");
  assertThrows(() => multiSimilarity({ base: NaN }), RangeError, "base is NaN");
});
