import { assertEquals } from "@std/assert";
import { tiled } from "../../../core/mod.ts";
import { contrastive, supCon } from "../../../losses/mod.ts";
import { batchHardMiner, chainMiners, multiSimilarityMiner, pairMarginMiner } from "../../../samplers/mod.ts";
import { differentiate } from "../../losses/_support.ts";
import { engineTest } from "../../support/mod.ts";
import { goldenBatch, mine } from "./_mine.ts";

engineTest("chainMiners() keeps what every miner keeps of what the one before it kept", () => {
  const batch = goldenBatch("Z");
  const [margin, similar] = [pairMarginMiner({ positiveMargin: 0.6 }), multiSimilarityMiner({ epsilon: 0 })];
  const [far, chained] = [mine(margin, batch), mine(chainMiners(margin, similar), batch)];
  // Of pairs that are judged alone it keeps the intersection.
  const both = mine(chainMiners(similar, margin), batch);
  const alone = mine(similar, batch);
  const common = (kind: "positives" | "negatives") =>
    alone[kind].map((columns, row) => columns.filter((column) => far[kind][row]!.includes(column)));
  assertEquals(both, { positives: common("positives"), negatives: common("negatives") });
  assertEquals(chained.positives.flat().length <= far.positives.flat().length, true);
  assertEquals(mine(chainMiners(), batch), mine(undefined, batch));
  assertEquals(mine(chainMiners(batchHardMiner(), batchHardMiner()), batch), mine(batchHardMiner(), batch));
});

for (const [name, loss] of [["contrastive", contrastive()], ["supCon", supCon()]] as const) {
  engineTest(`a miner that keeps nothing makes ${name}() and its gradient 0`, () => {
    const miner = pairMarginMiner({ positiveMargin: 3, negativeMargin: -1 });
    const { rows, labels } = goldenBatch("X");
    for (const size of [3, Infinity]) {
      const { value, gradients } = differentiate(tiled(loss, { miner, rows: size }), [rows], labels);
      assertEquals([value, gradients[0]!.filter((x) => x !== 0)], [0, []]);
    }
  });
}
