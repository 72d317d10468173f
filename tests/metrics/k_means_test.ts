import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { fold, key } from "../../core/key.ts";
import { normal, stream } from "../../core/stream.ts";
import { seedCenters } from "../../metrics/_centers.ts";
import { kMeans, type KMeansOptions } from "../../metrics/mod.ts";
import { assertClose, engineTest } from "../support/mod.ts";

const squared = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + (x - b[i]!) ** 2, 0);

/** Lloyd's algorithm by plain loops, until no row changes its cluster. */
function lloyd(rows: number[][], seeds: number[][]) {
  let centers = seeds;
  const assign = () =>
    rows.map((row) => {
      const distances = centers.map((center) => squared(row, center));
      return distances.indexOf(Math.min(...distances));
    });
  let assignments = assign();
  for (let iterations = 1;; iterations++) {
    centers = centers.map((center, cluster) => {
      const own = rows.filter((_, i) => assignments[i] === cluster);
      return center.map((_, j) => own.reduce((sum, row) => sum + row[j]!, 0) / own.length);
    });
    const next = assign();
    const inertia = rows.reduce((sum, row, i) => sum + squared(row, centers[next[i]!]!), 0);
    if (next.every((cluster, i) => cluster === assignments[i])) return { centers, assignments, inertia, iterations };
    assignments = next;
  }
}

function random(seed: number, rows: number, dim: number): tf.Tensor2D {
  return tf.tensor2d(normal(key(seed), [0], rows * dim), [rows, dim]);
}

engineTest("kMeans() gives what plain loops give from the same seeds, for every block size", async () => {
  for (const [seed, offset] of [[1, 0], [2, 0], [3, 300]] as const) {
    const matrix = tf.add(random(seed, 90, 5), offset) as tf.Tensor2D;
    const rows = matrix.arraySync();
    const next = stream(fold(key(seed), "k-means", 0));
    const flat = seedCenters({ values: Float32Array.from(rows.flat()), count: 90, dim: 5 }, 6, next);
    const expected = lloyd(rows, Array.from({ length: 6 }, (_, i) => [...flat.subarray(5 * i, 5 * i + 5)]));
    for (const block of [7, 90, 1024]) {
      const found = await kMeans(matrix, { clusters: 6, key: key(seed), tolerance: 0, block });
      assertEquals([...found.assignments], expected.assignments);
      assertClose(found.centers, expected.centers.flat(), 1e-6);
      assertAlmostEquals(found.inertia, expected.inertia, 1e-6);
      // One more than the loop, to see that nothing moves, unless the last centers did not either.
      assert(found.iterations - expected.iterations <= 1 && found.iterations >= expected.iterations);
      found.centers.dispose();
    }
  }
});

engineTest("kMeans() finds the inertia that scikit-learn 1.9.1 finds with many starts", async () => {
  const entry = (i: number, j: number) => Math.sin(0.7 * (i + 1) * j + 0.3 * i) + 2 * Math.cos((i % 5 + 1) * j);
  const values = Array.from({ length: 60 }, (_, i) => [1, 2, 3, 4].map((j) => entry(i, j)));
  const matrix = tf.tensor2d(values);
  // KMeans(k, n_init=200, tol=0).fit(X).inertia_
  for (const [clusters, inertia] of [[1, 573.2536467], [2, 344.6936427], [4, 149.5709164], [60, 0]] as const) {
    const found = await kMeans(matrix, { clusters, key: key(0), runs: clusters < 60 ? 20 : 1, tolerance: 0 });
    assertAlmostEquals(found.inertia, inertia, 1e-4);
    assertEquals(new Set(found.assignments).size, clusters);
  }
});

engineTest("kMeans() keeps the best of its runs, the same for the same key", async () => {
  const matrix = random(4, 120, 3);
  const options = { clusters: 9, key: key(5), block: 50 };
  const one = await kMeans(matrix, options);
  const many = await kMeans(matrix, { ...options, runs: 8 });
  assert(many.inertia < one.inertia);
  const again = await kMeans(matrix, { ...options, runs: 8 });
  assertEquals(again.assignments, many.assignments);
  assertEquals(again.centers.arraySync(), many.centers.arraySync());
  assert((await kMeans(matrix, { ...options, key: key(6) })).inertia !== one.inertia);
});

engineTest("kMeans() ends at the tolerance or the last iteration, each row at its nearest center", async () => {
  const matrix = random(7, 200, 4);
  const rows = matrix.arraySync();
  const exact = await kMeans(matrix, { clusters: 8, key: key(1), tolerance: 0 });
  const loose = await kMeans(matrix, { clusters: 8, key: key(1), tolerance: 0.05 });
  const short = await kMeans(matrix, { clusters: 8, key: key(1), iterations: 2 });
  assert(exact.iterations > loose.iterations && loose.iterations > 2);
  assertEquals(short.iterations, 2);
  for (const { centers, assignments, inertia } of [exact, loose, short]) {
    const means = centers.arraySync();
    const distances = rows.map((row) => means.map((center) => squared(row, center)));
    assertEquals([...assignments], distances.map((list) => list.indexOf(Math.min(...list))));
    assertAlmostEquals(inertia, distances.reduce((sum, list) => sum + Math.min(...list), 0), 1e-4);
  }
});

engineTest("kMeans() works with fewer different rows than clusters, and with one row", async () => {
  const matrix = tf.tensor2d([[1, 1], [1, 1], [5, 5], [1, 1], [5, 5]]);
  const { assignments, inertia } = await kMeans(matrix, { clusters: 4, key: key(0) });
  assertEquals(inertia, 0);
  assertEquals([assignments[0], assignments[2]], [assignments[3], assignments[4]]);
  assert(assignments[0] !== assignments[2]);
  const single = await kMeans(tf.tensor2d([[2, 3]]), { clusters: 1, key: key(0) });
  assertEquals([single.centers.arraySync(), [...single.assignments]], [[[2, 3]], [0]]);
});

engineTest("kMeans() leaves its centers only, and names what does not fit", async () => {
  const three = tf.tensor2d([[0, 1], [1, 2], [5, 5]]);
  const good: KMeansOptions = { clusters: 2, key: key(0) };
  const { numTensors } = tf.memory();
  await kMeans(three, { ...good, runs: 3, block: 2 });
  assertEquals(tf.memory().numTensors, numTensors + 1);
  const attempts: [tf.Tensor, KMeansOptions, string][] = [
    [tf.zeros([0, 2]), good, "Cannot cluster: rows has shape [0,2]"],
    [tf.ones([3]), good, "rows has shape [3]"],
    [three, { ...good, clusters: 4 }, "clusters is 4, expected at most 3 as there are rows"],
    [three, { ...good, clusters: 0 }, "clusters is 0, expected an integer of at least 1"],
    [three, { ...good, runs: 1.5 }, "runs is 1.5"],
    [three, { ...good, iterations: 0 }, "iterations is 0"],
    [three, { ...good, block: NaN }, "block is NaN"],
    [three, { ...good, tolerance: -1 }, "tolerance is -1, expected a number of at least 0"],
    [tf.tensor2d([[0, 1], [NaN, 2]]), good, "row 1 has NaN, expected finite numbers"],
  ];
  for (const [matrix, options, message] of attempts) {
    const { numTensors } = tf.memory();
    await assertRejects(() => kMeans(matrix as tf.Tensor2D, options), RangeError, message);
    assertEquals(tf.memory().numTensors, numTensors);
  }
});
