import { assertAlmostEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { aligned, type Miner, type RowLoss, sameLabel, tiled } from "../../core/mod.ts";
import {
  binomialDeviance,
  binomialDevianceWeights,
  contrastive,
  contrastiveWeights,
  infoNCE,
  infoNCEWeights,
  multiSimilarity,
  multiSimilarityWeights,
  ntXent,
  pairWeighting,
  type PairWeights,
  supCon,
  tripletWeights,
} from "../../losses/mod.ts";
import { assertClose, engineTest } from "../support/mod.ts";
import { cosines, distance, relatives } from "./_naive.ts";
import { differentiate, randomRows, valueOf } from "./_support.ts";

const rows = randomRows(8, 9, 3);
const labels = [0, 1, 0, 2, 1, 0, 3, 3, 3];
const pairs = [0, 1, 2, 3, 3, 2, 1, 0];

/** The gradient of pair weighting, with one divisor for positives and one for negatives in place of that of anchors. */
function weighted({ positive, negative }: PairWeights, divisors: readonly [number, number]): number[] {
  const none = (s: tf.Tensor2D) => tf.zerosLike(s);
  const [pull, push] = [{ positive, negative: none }, { positive: none, negative }].map((weights) =>
    differentiate(pairWeighting(weights), [rows], labels).gradients[0]!
  );
  return pull!.map((x, i) => labels.length * (x / divisors[0] + push![i]! / divisors[1]));
}

/** How many positive and how many negative pairs there are of which something holds. */
function count(positive: (s: number) => boolean, negative: (s: number) => boolean): [number, number] {
  const all = cosines(rows);
  const counts: [number, number] = [0, 0];
  labels.forEach((_, a) => {
    const { positives, negatives } = relatives(labels, a);
    counts[0] += positives.filter((p) => positive(all[a]![p]!)).length;
    counts[1] += negatives.filter((n) => negative(all[a]![n]!)).length;
  });
  return counts;
}

function gradientOf(loss: RowLoss, own = labels): number[] {
  return differentiate(loss, [rows.slice(0, own.length)], own).gradients[0]!;
}

engineTest("multiSimilarityWeights() give the gradient of multiSimilarity()", () => {
  for (const options of [{}, { alpha: 4, beta: 10, base: 0.2 }]) {
    assertClose(
      gradientOf(pairWeighting(multiSimilarityWeights(options))),
      gradientOf(multiSimilarity(options)),
      1e-5,
    );
  }
});

engineTest("binomialDevianceWeights() give the gradient of binomialDeviance() up to its divisors", () => {
  const every = count(() => true, () => true);
  for (const options of [{}, { alpha: 4, beta: 10, base: 0.2 }]) {
    assertClose(weighted(binomialDevianceWeights(options), every), gradientOf(binomialDeviance(options)), 1e-5);
  }
});

engineTest("contrastiveWeights() give the gradient of contrastive() by cosine up to its divisors", () => {
  for (const [positiveMargin, negativeMargin] of [[1, 0], [0.7, 0.3]] as const) {
    const active = count((s) => s < positiveMargin, (s) => s > negativeMargin);
    assertClose(
      weighted(contrastiveWeights({ positiveMargin, negativeMargin }), active),
      gradientOf(contrastive({ measure: "cosine", positiveMargin, negativeMargin })),
      1e-5,
    );
  }
});

engineTest("infoNCEWeights() give the gradients of supCon() and, with single positives, of ntXent()", () => {
  const weights = pairWeighting(infoNCEWeights({ temperature: 0.2 }));
  const classes = labels.map((_, i) => i % 3);
  assertClose(gradientOf(weights, classes), gradientOf(supCon({ temperature: 0.2 }), classes), 1e-5);
  const single = ntXent({ temperature: 0.2, pairing: sameLabel() });
  assertClose(gradientOf(weights, pairs), gradientOf(single, pairs), 1e-5);
});

engineTest("infoNCEWeights() of aligned rows give the gradients of infoNCE()", () => {
  const matrices = [rows.slice(0, 4), rows.slice(4)];
  const expected = differentiate(infoNCE(), matrices).gradients;
  const { gradients } = differentiate(tiled(pairWeighting(infoNCEWeights()), { pairing: aligned() }), matrices);
  gradients.forEach((gradient, i) => assertClose(gradient, expected[i]!, 1e-5));
});

engineTest("tripletWeights() count only triplets in the gap of a miner", () => {
  const all = cosines(rows);
  for (const gap of [[-Infinity, 0], [0, 0.3], [-0.2, Infinity]] as const) {
    const miner: Miner = (masks) => ({ ...masks, gap });
    let expected = 0;
    labels.forEach((_, a) => {
      const { positives, negatives } = relatives(labels, a);
      for (const [p, n] of positives.flatMap((p) => negatives.map((n) => [all[a]![p]!, all[a]![n]!] as const))) {
        const apart = distance(n) - distance(p);
        if (n > p - 0.4 && apart > gap[0] && apart <= gap[1]) expected += n - p;
      }
    });
    const loss = tiled(pairWeighting(tripletWeights({ margin: 0.4 })), { miner });
    assertAlmostEquals(valueOf(loss, [rows], labels), expected / labels.length, 1e-5);
  }
});
