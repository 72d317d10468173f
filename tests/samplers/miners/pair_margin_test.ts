import { assertEquals, assertThrows } from "@std/assert";
import { pairMarginMiner } from "../../../samplers/mod.ts";
import { distance } from "../../losses/_naive.ts";
import { engineTest } from "../../support/mod.ts";
import { mine } from "./_mine.ts";
import { minerSuite } from "./_miner_suite.ts";

const margins = [{ positiveMargin: 0.2, negativeMargin: 0.8 }, { positiveMargin: 1.5, negativeMargin: 1.1 }];
for (const { positiveMargin, negativeMargin } of margins) {
  minerSuite({
    name: `pairMarginMiner() beyond ${positiveMargin} and ${negativeMargin}`,
    make: () => pairMarginMiner(positiveMargin === 0.2 ? {} : { positiveMargin, negativeMargin }),
    naive: ({ positives, negatives, cosine }) => ({
      positives: positives.filter((p) => distance(cosine[p]!) > positiveMargin),
      negatives: negatives.filter((n) => distance(cosine[n]!) < negativeMargin),
    }),
    ties: true,
  });
}

engineTest("pairMarginMiner() takes rows that are equal for no distance apart", () => {
  const rows = Array.from({ length: 4 }, () => [0.1, 0.7, -0.3]);
  const { positives, negatives } = mine(pairMarginMiner({ positiveMargin: 0, negativeMargin: 0 }), {
    rows,
    labels: [0, 0, 1, 1],
  });
  assertEquals([positives, negatives], [[[], [], [], []], [[], [], [], []]]);
});

Deno.test("pairMarginMiner() names an option that is wrong", () => {
  assertThrows(() => pairMarginMiner({ positiveMargin: NaN }), RangeError, "positiveMargin is NaN");
  assertThrows(() => pairMarginMiner({ negativeMargin: Infinity }), RangeError, "negativeMargin is Infinity");
});
