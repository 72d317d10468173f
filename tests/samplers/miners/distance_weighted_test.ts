import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { distanceWeightedMiner } from "../../../samplers/mod.ts";
import { cosines, distance } from "../../losses/_naive.ts";
import { randomRows } from "../../losses/_support.ts";
import { engineTest } from "../../support/mod.ts";
import { type Batch, mine } from "./_mine.ts";
import { minerSuite } from "./_miner_suite.ts";

minerSuite({ name: "distanceWeightedMiner()", make: () => distanceWeightedMiner(), ties: true });
minerSuite({
  name: "distanceWeightedMiner({ draws: 3 })",
  make: () => distanceWeightedMiner({ draws: 3 }),
  ties: true,
});

/** Many times the same anchor, with a positive and some negatives, of which two are near. */
function anchors(count: number, dim: number): Batch {
  const random = randomRows(7, 14, dim);
  const row = random[0]!.map((x, j) => x + (j === 1 ? 0.8 : 0));
  const near = (share: number) => row.map((x, j) => x + share * random[2]![j]!);
  const references = random.map((x, i) => i === 1 ? near(0.05) : i === 2 ? near(0.25) : x);
  return {
    rows: Array.from({ length: count }, () => row),
    labels: Array(count).fill(0),
    references: { rows: references, labels: references.map((_, i) => i === 0 ? 0 : 1 + i % 3) },
  };
}

/** The chance of each reference, by the density of distances on the sphere. */
function chances({ rows, references }: Batch, cutoff: number, nonZeroCutoff: number): number[] {
  const dim = rows[0]!.length;
  const weights = cosines(rows.slice(0, 1), references!.rows)[0]!.map((cosine, i) => {
    const d = Math.max(distance(cosine), cutoff);
    if (references!.labels[i] === 0 || distance(cosine) >= nonZeroCutoff) return 0;
    return 1 / (d ** (dim - 2) * (1 - d * d / 4) ** ((dim - 3) / 2));
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

for (
  const { dim, options } of [
    { dim: 3, options: {} },
    { dim: 5, options: {} },
    { dim: 6, options: { cutoff: 0.9, nonZeroCutoff: 1.7 } },
    { dim: 2, options: { cutoff: 0.1, nonZeroCutoff: 2 } },
  ]
) {
  const { cutoff = 0.5, nonZeroCutoff = 1.4 } = options;
  engineTest(`distanceWeightedMiner() draws as the distances in ${dim} dimensions have it`, () => {
    const [batch, count] = [anchors(4000, dim), 4000];
    const { negatives } = mine(distanceWeightedMiner(options), batch);
    const expected = chances(batch, cutoff, nonZeroCutoff);
    const drawn = expected.map((_, column) => negatives.filter(([first]) => first === column).length);
    let [chiSquared, freedom] = [0, -1];
    expected.forEach((chance, column) => {
      if (chance === 0) return assertEquals(drawn[column], 0, `reference ${column}`);
      chiSquared += (drawn[column]! - chance * count) ** 2 / (chance * count);
      freedom++;
    });
    assert(freedom >= 2, `${freedom + 1} references can be drawn`);
    assert(chiSquared < freedom + 5 * Math.sqrt(2 * freedom), `chi-squared is ${chiSquared} of ${freedom}`);
    assert(negatives.every((columns) => columns.length === 1));
  });
}

engineTest("distanceWeightedMiner() draws several times, each negative counting once", () => {
  const batch = anchors(300, 3);
  const sizes = [1, 2, 8].map((draws) => {
    const { positives, negatives } = mine(distanceWeightedMiner({ draws }), batch);
    assert(positives.every((columns) => columns.join() === "0"));
    assert(negatives.every((columns) => columns.length >= 1 && columns.length <= draws));
    return negatives.flat().length / 300;
  });
  assert(sizes[1]! > 1.3 && sizes[2]! > 2.5, `distinct negatives: ${sizes}`);
});

engineTest("distanceWeightedMiner() draws anew for each key and each anchor", () => {
  const batch = anchors(50, 3);
  const [one, again, other] = [1, 1, 2].map((seed) => mine(distanceWeightedMiner(), batch, { seed }));
  assertEquals(one, again);
  assertNotEquals(one, other);
  assert(new Set(one!.negatives.flat()).size > 1);
});

engineTest("distanceWeightedMiner() keeps nothing of an anchor that lacks positives or near negatives", () => {
  const rows = [[1, 0, 0], [1, 0.1, 0], [-1, 0, 0], [-1, 0, 0.1], [0, 0, 1]];
  const { positives, negatives } = mine(distanceWeightedMiner(), { rows, labels: [0, 0, 0, 0, 5] });
  // The last row is at a distance of √2 or a little less or more from the others.
  assertEquals(positives, [[], [], [], [0, 1, 2], []]);
  assertEquals(negatives, [[], [], [], [4], []]);
});

Deno.test("distanceWeightedMiner() names an option that is wrong", () => {
  assertThrows(() => distanceWeightedMiner({ cutoff: NaN }), RangeError, "cutoff is NaN, expected a finite number");
  assertThrows(() => distanceWeightedMiner({ cutoff: 0 }), RangeError, "cutoff is 0, expected a number above 0");
  assertThrows(
    () => distanceWeightedMiner({ nonZeroCutoff: 0.4 }),
    RangeError,
    "nonZeroCutoff is 0.4, expected a number above the cutoff, 0.5",
  );
  assertThrows(
    () => distanceWeightedMiner({ draws: 1.5 }),
    RangeError,
    "draws is 1.5, expected an integer of at least 1",
  );
});
