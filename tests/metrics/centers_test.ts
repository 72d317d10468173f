import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { fold, key } from "../../core/key.ts";
import { stream } from "../../core/stream.ts";
import { moveCenters, seedCenters } from "../../metrics/_centers.ts";

Deno.test("seedCenters() draws by squared distance to the nearest center", () => {
  const rows = { values: Float32Array.of(0, 1, 3), count: 3, dim: 1 };
  const draws = 6000;
  const counts = new Map<string, number>();
  for (let i = 0; i < draws; i++) {
    const seeds = seedCenters(rows, 2, stream(fold(key(1), i))).join();
    counts.set(seeds, (counts.get(seeds) ?? 0) + 1);
  }
  // The first with a chance of a third each; then 1 : 9 from 0, 1 : 4 from 1, 9 : 4 from 3.
  const chances = { "0,1": 1 / 10, "0,3": 9 / 10, "1,0": 1 / 5, "1,3": 4 / 5, "3,0": 9 / 13, "3,1": 4 / 13 };
  assertEquals([...counts.keys()].sort(), Object.keys(chances));
  for (const [seeds, chance] of Object.entries(chances)) {
    // Five standard deviations of a share of 6000 draws are at most 0.033.
    assertAlmostEquals(counts.get(seeds)! / draws, chance / 3, 0.033);
  }
});

Deno.test("seedCenters() measures to the nearest center, in all dimensions", () => {
  const values = Float32Array.of(0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0);
  for (let i = 0; i < 50; i++) {
    const seeds = seedCenters({ values, count: 5, dim: 3 }, 4, stream(fold(key(2), i)));
    const drawn = Array.from({ length: 4 }, (_, c) => seeds.subarray(3 * c, 3 * c + 3).join());
    // Rows 0 and 4 are the same point, at distance 0 once one of them is drawn.
    assertEquals(new Set(drawn).size, 4);
  }
});

Deno.test("moveCenters() starts an empty cluster at the farthest row, and takes that from its own", () => {
  const rows = { values: Float32Array.of(0, 1, 8, 20, 21), count: 5, dim: 1 };
  const centers = Float64Array.of(0.5, 20, 99, 98);
  const moved = moveCenters(rows, centers, Int32Array.of(0, 0, 0, 1, 1));
  // Row 2 is at a distance of 7.5; the next, row 4, at 1.
  assertEquals([...moved], [0.5, 20, 8, 21]);
});

Deno.test("moveCenters() empties no cluster, and leaves a cluster empty where all rows lie on centers", () => {
  const single = { values: Float32Array.of(5, 0, 0.5), count: 3, dim: 1 };
  // Row 0 is farthest, but alone in its cluster.
  assertEquals([...moveCenters(single, Float64Array.of(9, 0, 77), Int32Array.of(0, 1, 1))], [5, 0, 0.5]);
  const copies = { values: Float32Array.of(4, 4), count: 2, dim: 1 };
  const moved = moveCenters(copies, Float64Array.of(4, 77), Int32Array.of(0, 0));
  assertEquals([...moved], [4, 77]);
  assert(!moved.includes(NaN));
});
