import { assertAlmostEquals } from "@std/assert";
import { type Miner, type RowLoss, tiled } from "../../../core/mod.ts";
import { multiSimilarity, triplet } from "../../../losses/mod.ts";
import { batchEasyHardMiner, batchHardMiner, multiSimilarityMiner, tripletMarginMiner } from "../../../samplers/mod.ts";
import { goldenCase } from "../../losses/_row_loss_suite.ts";
import { differentiate } from "../../losses/_support.ts";
import { assertClose, engineTest } from "../../support/mod.ts";

const margin = triplet({ margin: 0.2 });
const cases: { readonly [name: string]: [RowLoss, Miner] } = {
  "TripletMarginLoss(0.2)+TripletMarginMiner(0.2,all)": [margin, tripletMarginMiner()],
  "TripletMarginLoss(0.2)+TripletMarginMiner(0.2,hard)": [margin, tripletMarginMiner({ kind: "hard" })],
  "TripletMarginLoss(0.2)+TripletMarginMiner(0.2,semihard)": [margin, tripletMarginMiner({ kind: "semihard" })],
  "TripletMarginLoss(0.2)+TripletMarginMiner(0.2,easy)": [margin, tripletMarginMiner({ kind: "easy" })],
  "Z Triplet(0.2)+semihard miner": [margin, tripletMarginMiner({ kind: "semihard" })],
  "X,labels2 Triplet(0.2)+semihard miner": [margin, tripletMarginMiner({ kind: "semihard" })],
  "TripletMarginLoss(0.2)+BatchHardMiner": [margin, batchHardMiner()],
  "Z Triplet(0.2)+BatchHardMiner": [margin, batchHardMiner()],
  "X,labels2 Triplet(0.2)+BatchHardMiner": [margin, batchHardMiner()],
  "TripletMarginLoss(0.2)+BatchEasyHardMiner(easy,semihard)": [margin, batchEasyHardMiner()],
  "MultiSimilarityLoss(2,50,0.5)+MultiSimilarityMiner(0.1)": [multiSimilarity(), multiSimilarityMiner()],
  "Z MultiSimilarityLoss+Miner(eps=0.1)": [multiSimilarity(), multiSimilarityMiner()],
  "Z MultiSimilarityLoss+Miner(eps=0.0)": [multiSimilarity(), multiSimilarityMiner({ epsilon: 0 })],
  "X,labels2 MultiSimilarityLoss+Miner(eps=0.1)": [multiSimilarity(), multiSimilarityMiner()],
  "X,labels2 MultiSimilarityLoss+Miner(eps=0.0)": [multiSimilarity(), multiSimilarityMiner({ epsilon: 0 })],
};

for (const [name, [loss, miner]] of Object.entries(cases)) {
  engineTest(`a loss with a miner in tiles agrees with ${name}`, () => {
    const expected = goldenCase(name);
    for (const rows of [3, Infinity]) {
      const { value, gradients } = differentiate(tiled(loss, { miner, rows }), expected.matrices, expected.labels);
      assertAlmostEquals(value, expected.loss, 1e-5 * Math.max(1e-3, expected.loss));
      assertAlmostEquals(Math.hypot(...gradients[0]!), expected.gradFro[0]!, 1e-4 * expected.gradFro[0]!);
      assertClose(gradients[0]!.slice(0, 4), expected.gradRow0[0]!, 1e-4);
    }
  });
}
