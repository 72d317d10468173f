import { assertEquals, assertThrows } from "@std/assert";
import { batchEasyHardMiner, type BatchEasyHardMinerOptions, type PairKind } from "../../../samplers/mod.ts";
import { distance } from "../../losses/_naive.ts";
import { engineTest } from "../../support/mod.ts";
import { goldenBatch, goldenMiner, mine, mineCosines } from "./_mine.ts";
import { type Anchor, anchorsOf, minerSuite } from "./_miner_suite.ts";

const tie = 1e-6;

function naive({ positive, negative, positiveRange, negativeRange }: BatchEasyHardMinerOptions) {
  return ({ positives, negatives, cosine }: Anchor) => {
    const within = (columns: readonly number[], [least, greatest]: readonly [number, number] = [0, 2]) =>
      columns.filter((column) => distance(cosine[column]!) >= least && distance(cosine[column]!) <= greatest);
    const nearest = (columns: readonly number[], than = Infinity) => {
      const candidates = columns.filter((column) => cosine[column]! < than - tie);
      const most = Math.max(...candidates.map((column) => cosine[column]!));
      return candidates.find((column) => cosine[column]! > most - tie);
    };
    const farthest = (columns: readonly number[], than = -Infinity) => {
      const candidates = columns.filter((column) => cosine[column]! > than + tie);
      const least = Math.min(...candidates.map((column) => cosine[column]!));
      return candidates.find((column) => cosine[column]! < least + tie);
    };
    const [p, n] = [within(positives, positiveRange), within(negatives, negativeRange)];
    const easy = { positive: nearest(p), negative: farthest(n) };
    const hard = { positive: farthest(p), negative: nearest(n) };
    const chosen = {
      positive: positive === "easy" ? easy.positive : hard.positive,
      negative: negative === "easy" ? easy.negative : hard.negative,
    };
    if (positive === "semihard") {
      chosen.positive = chosen.negative === undefined ? undefined : farthest(p, cosine[chosen.negative]!);
    }
    if (negative === "semihard") {
      chosen.negative = chosen.positive === undefined ? undefined : nearest(n, cosine[chosen.positive]!);
    }
    const one = (column: number | undefined) => column === undefined ? [] : [column];
    if (positive === "all" || negative === "all") {
      return {
        positives: positive === "all" ? p : one(chosen.positive),
        negatives: negative === "all" ? n : one(chosen.negative),
      };
    }
    const both = chosen.positive !== undefined && chosen.negative !== undefined;
    return { positives: both ? one(chosen.positive) : [], negatives: both ? one(chosen.negative) : [] };
  };
}

const combinations: [PairKind, PairKind][] = [
  ["easy", "semihard"],
  ["hard", "semihard"],
  ["semihard", "easy"],
  ["semihard", "hard"],
  ["easy", "easy"],
  ["easy", "hard"],
  ["hard", "easy"],
  ["all", "hard"],
  ["easy", "all"],
  ["all", "all"],
];
minerSuite({
  name: "batchEasyHardMiner()",
  make: () => batchEasyHardMiner(),
  naive: naive({ positive: "easy", negative: "semihard" }),
  ties: true,
});
const ranged = {
  positive: "semihard",
  negative: "hard",
  positiveRange: [0.3, 1.5],
  negativeRange: [0.7, 1.9],
} as const;
minerSuite({
  name: "batchEasyHardMiner() within ranges",
  make: () => batchEasyHardMiner(ranged),
  naive: naive(ranged),
  ties: true,
});

for (const [positive, negative] of combinations) {
  for (const positiveRange of [undefined, [0.5, 1.3]] as const) {
    const options = { positive, negative, ...(positiveRange ? { positiveRange } : {}) };
    const name = `${positive} positives${positiveRange ? " in a range" : ""} and ${negative} negatives`;
    engineTest(`batchEasyHardMiner() agrees with loops for ${name}`, () => {
      for (const name of ["X", "Z", "labels2"] as const) {
        const batch = goldenBatch(name);
        const { positives, negatives } = mine(batchEasyHardMiner(options), batch);
        anchorsOf(batch).map(naive(options)).forEach((expected, anchor) => {
          assertEquals({ positives: positives[anchor], negatives: negatives[anchor] }, expected, `anchor ${anchor}`);
        });
      }
    });
  }
}

engineTest("batchEasyHardMiner() chooses the pairs of the reference", () => {
  const { positives, negatives } = mine(batchEasyHardMiner(), goldenBatch("X"));
  const [, p, , n] = goldenMiner("TripletMarginLoss(0.2)+BatchEasyHardMiner(easy,semihard)").tuples!;
  assertEquals([positives, negatives], [p!.map((column) => [column]), n!.map((column) => [column])]);
});

engineTest("batchEasyHardMiner() counts the ends of a range, whatever the rounding of cosines", () => {
  const options = { positive: "all", negative: "all", positiveRange: [0, 2], negativeRange: [1, 2] } as const;
  const given = { cosines: [1 + 2 ** -22, -1 - 2 ** -22, 0.5, -1 - 2 ** -22], positives: [0, 1], negatives: [2, 3] };
  assertEquals(mineCosines(batchEasyHardMiner(options), given), { positives: [0, 1], negatives: [2, 3] });
});

Deno.test("batchEasyHardMiner() names an option that is wrong", () => {
  const faults: [BatchEasyHardMinerOptions, string][] = [
    [{ positive: "soft" as never }, "positive is soft, expected one of easy, hard, semihard, all"],
    [{ negative: "none" as never }, "negative is none"],
    [{ positive: "semihard" }, "positive is semihard and negative is semihard, expected easy or hard beside semihard"],
    [{ positive: "all" }, "positive is all and negative is semihard"],
    [{ positive: "semihard", negative: "all" }, "positive is semihard and negative is all"],
    [{ positiveRange: [NaN, 1] }, "positiveRange[0] is NaN, expected a finite number"],
    [{ negativeRange: [1, 0.5] }, "negativeRange[1] is 0.5, expected a finite number of at least 1"],
  ];
  for (const [options, message] of faults) assertThrows(() => batchEasyHardMiner(options), RangeError, message);
});
