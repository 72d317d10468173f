import { assertEquals, assertThrows } from "@std/assert";
import { multiSimilarityMiner } from "../../../samplers/mod.ts";
import { engineTest } from "../../support/mod.ts";
import { count, goldenBatch, goldenMiner, mine } from "./_mine.ts";
import { type Anchor, minerSuite } from "./_miner_suite.ts";

function naive(epsilon: number) {
  return ({ positives, negatives, cosine }: Anchor) => ({
    positives: positives.filter((p) => negatives.some((n) => cosine[p]! - epsilon < cosine[n]!)),
    negatives: negatives.filter((n) => positives.some((p) => cosine[n]! + epsilon > cosine[p]!)),
  });
}

minerSuite({ name: "multiSimilarityMiner()", make: () => multiSimilarityMiner(), naive: naive(0.1), ties: true });
minerSuite({
  name: "multiSimilarityMiner({ epsilon: -0.3 })",
  make: () => multiSimilarityMiner({ epsilon: -0.3 }),
  naive: naive(-0.3),
  ties: true,
});

const cases = [
  ["X", "MultiSimilarityLoss(2,50,0.5)+MultiSimilarityMiner(0.1)", 0.1],
  ["Z", "Z MultiSimilarityLoss+Miner(eps=0.1)", 0.1],
  ["Z", "Z MultiSimilarityLoss+Miner(eps=0.0)", 0],
  ["labels2", "X,labels2 MultiSimilarityLoss+Miner(eps=0.1)", 0.1],
  ["labels2", "X,labels2 MultiSimilarityLoss+Miner(eps=0.0)", 0],
] as const;
for (const [batch, name, epsilon] of cases) {
  engineTest(`multiSimilarityMiner() keeps as many pairs as ${name}`, () => {
    const { positives, negatives } = mine(multiSimilarityMiner({ epsilon }), goldenBatch(batch));
    const { n_pos, n_neg } = goldenMiner(name);
    assertEquals([count(positives), count(negatives)], [n_pos, n_neg]);
  });
}

Deno.test("multiSimilarityMiner() names an option that is wrong", () => {
  assertThrows(
    () => multiSimilarityMiner({ epsilon: NaN }),
    RangeError,
    "Cannot mine by multi-similarity: epsilon is NaN, expected a finite number",
  );
});
