import { assertEquals, assertThrows } from "@std/assert";
import { angularMiner } from "../../../samplers/mod.ts";
import { engineTest } from "../../support/mod.ts";
import { count, goldenBatch, mine } from "./_mine.ts";
import { type Anchor, minerSuite, pairsOfTriplets } from "./_miner_suite.ts";

function naive(angle: number) {
  return (anchor: Anchor) => {
    const { cosine, between } = anchor;
    const { positives, negatives } = pairsOfTriplets(anchor, (p, n) => {
      const apart = Math.sqrt(2 - 2 * cosine[p]!);
      const toCenter = Math.sqrt(1.5 + cosine[p]! / 2 - cosine[n]! - between[p]![n]!);
      return Math.atan(apart / (2 * toCenter)) > angle * Math.PI / 180;
    });
    return { positives, negatives };
  };
}

minerSuite({ name: "angularMiner()", make: () => angularMiner(), naive: naive(20) });
minerSuite({ name: "angularMiner({ angle: 45 })", make: () => angularMiner({ angle: 45 }), naive: naive(45) });

engineTest("angularMiner() keeps the pairs of pytorch-metric-learning's triplets", () => {
  // The distinct pairs of what AngularMiner of version 2.9.0 returns for the rows at length 1.
  const expected = { 20: [14, 42], 30: [12, 38], 40: [10, 11], 45: [6, 6], 60: [0, 0] };
  for (const [angle, pairs] of Object.entries(expected)) {
    const { positives, negatives } = mine(angularMiner({ angle: Number(angle) }), goldenBatch("X"));
    assertEquals([count(positives), count(negatives)], pairs);
  }
});

engineTest("angularMiner() is defined where the three are at one place", () => {
  const rows = Array.from({ length: 4 }, () => [0.3, -0.8, 0.1]);
  const { positives, negatives } = mine(angularMiner(), { rows, labels: [0, 0, 1, 1] });
  assertEquals([positives.flat(), negatives.flat()], [[], []]);
});

Deno.test("angularMiner() names an option that is wrong", () => {
  for (const angle of [0, -20, 90, NaN]) {
    assertThrows(() => angularMiner({ angle }), RangeError, `angle is ${angle}, expected a number of degrees between`);
  }
});
