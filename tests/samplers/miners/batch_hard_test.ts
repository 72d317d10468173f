import { assertEquals } from "@std/assert";
import { batchHardMiner } from "../../../samplers/mod.ts";
import { engineTest } from "../../support/mod.ts";
import { goldenBatch, goldenMiner, mine, mineCosines } from "./_mine.ts";
import { minerSuite } from "./_miner_suite.ts";

/** The first of those whose value is the least, but for what float32 cannot tell apart. */
function first(columns: readonly number[], value: (column: number) => number): number[] {
  const least = Math.min(...columns.map(value));
  return columns.filter((column) => value(column) < least + 1e-6).slice(0, 1);
}

minerSuite({
  name: "batchHardMiner()",
  make: () => batchHardMiner(),
  naive: ({ positives, negatives, cosine }) => {
    if (positives.length === 0 || negatives.length === 0) return { positives: [], negatives: [] };
    return { positives: first(positives, (p) => cosine[p]!), negatives: first(negatives, (n) => -cosine[n]!) };
  },
  ties: true,
});

const cases = [
  ["X", "TripletMarginLoss(0.2)+BatchHardMiner"],
  ["Z", "Z Triplet(0.2)+BatchHardMiner"],
  ["labels2", "X,labels2 Triplet(0.2)+BatchHardMiner"],
] as const;
for (const [batch, name] of cases) {
  engineTest(`batchHardMiner() chooses the triplets of ${name}`, () => {
    const { positives, negatives } = mine(batchHardMiner(), goldenBatch(batch));
    const triplets = positives.flatMap((columns, anchor) =>
      columns.flatMap((p) => negatives[anchor]!.map((n) => [anchor, p, n]))
    );
    const [anchors, p, n] = goldenMiner(name).tuples!;
    assertEquals(triplets, anchors!.map((anchor, i) => [anchor, p![i]!, n![i]!]));
  });
}

engineTest("batchHardMiner() keeps the first of cosines that float32 cannot tell apart", () => {
  const noise = 2 ** -24;
  const given = { positives: [0, 1, 2, 3], negatives: [4, 5, 6, 7] };
  const cosines = [0.9, 0.2 + noise, 0.2, 0.2 - noise, 0.1, 0.7 - 2 * noise, 0.7, 0.7 + 2 * noise];
  assertEquals(mineCosines(batchHardMiner(), { ...given, cosines }), { positives: [1], negatives: [5] });
});

engineTest("batchHardMiner() keeps the first of many equal rows", () => {
  const row = Array.from({ length: 64 }, (_, i) => Math.sin(i + 1));
  const rows = Array.from({ length: 41 }, (_, i) => i === 0 ? row.map((x, j) => x + Math.cos(3 * j)) : row);
  const labels = rows.map((_, i) => i % 2);
  for (const tile of [1, 7, Infinity]) {
    const { positives, negatives } = mine(batchHardMiner(), { rows, labels }, { tile });
    assertEquals([positives[0], negatives[0]], [[2], [1]]);
    // Row 0 is the only one that is farther from the others.
    assertEquals([positives[4], negatives[4]], [[0], [1]]);
    assertEquals([positives[5], negatives[5]], [[1], [2]]);
  }
});
