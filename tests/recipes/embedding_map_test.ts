import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { key } from "../../core/key.ts";
import { normal } from "../../core/stream.ts";
import { embeddingMap, type EmbeddingMapOptions, type MapPoint } from "../../recipes/runner/embedding_map.ts";
import { engineTest } from "../support/mod.ts";

/** Rows around three centers, by turns; their lengths differ much, their directions do not. */
function clusters(rows: number, dim = 8): tf.Tensor2D {
  const noise = normal(key(1), [0], rows * dim);
  const values = Float32Array.from({ length: rows * dim }, (_, i) => {
    const [row, column] = [Math.floor(i / dim), i % dim];
    return (1 + row % 5) * ((row % 3 === column ? 3 : 0) + 0.3 * noise[i]!);
  });
  return tf.tensor2d(values, [rows, dim]);
}

const options: EmbeddingMapOptions = { key: key(7), neighbors: 8, epochs: 150 };

engineTest("embeddingMap() puts next to each row one of its own cluster", async () => {
  // In the second case most neighbors are of other clusters, so that only distances tell.
  for (const [count, neighbors] of [[90, 8], [18, 12]] as const) {
    const rows = clusters(count);
    const { numTensors } = tf.memory();
    const map = await embeddingMap(rows, { ...options, neighbors });
    assertEquals(tf.memory().numTensors, numTensors);
    assertEquals(map.map(({ row }) => row), Array.from({ length: count }, (_, row) => row));
    assert(map.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y)));
    const nearest = (from: MapPoint) =>
      map.filter(({ row }) => row !== from.row)
        .reduce((best, point) => distance(from, point) < distance(from, best) ? point : best);
    assertEquals(map.filter((point) => nearest(point).row % 3 !== point.row % 3), []);
  }
});

function distance(a: MapPoint, b: MapPoint): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

engineTest("embeddingMap() is the same for the same key, and another for another", async () => {
  const rows = clusters(60);
  const first = await embeddingMap(rows, options);
  assertEquals(await embeddingMap(rows, options), first);
  assertNotEquals(await embeddingMap(rows, { ...options, key: key(8) }), first);
});

engineTest("embeddingMap() draws at most so many points, chosen by key", async () => {
  const rows = clusters(200);
  const short = { ...options, points: 50, epochs: 5 };
  const chosen = (await embeddingMap(rows, short)).map(({ row }) => row);
  assertEquals([chosen.length, new Set(chosen).size], [50, 50]);
  assertEquals(chosen, chosen.toSorted((a, b) => a - b));
  assert(chosen.some((row) => row >= 150) && chosen.some((row) => row < 50));
  assertNotEquals((await embeddingMap(rows, { ...short, key: key(8) })).map(({ row }) => row), chosen);
  assertEquals((await embeddingMap(rows, { ...short, points: 1000 })).length, 200);
});

engineTest("embeddingMap() names what does not fit, and leaves nothing behind", async () => {
  const rows = clusters(20);
  const broken = tf.concat([rows, tf.fill([1, 8], NaN)]) as tf.Tensor2D;
  const { numTensors } = tf.memory();
  const attempts: [tf.Tensor2D, Partial<EmbeddingMapOptions>, string][] = [
    [rows, { points: 0 }, "points is 0, expected an integer of at least 1"],
    [rows, { neighbors: 1 }, "neighbors is 1, expected an integer of at least 2"],
    [rows, { epochs: 1.5 }, "epochs is 1.5"],
    [rows, { minDistance: -1 }, "minDistance is -1, expected a number from 0 to 1"],
    [rows, { neighbors: 20 }, "there are 20 points, expected more than 20 neighbors"],
    [rows, { points: 8 }, "there are 8 points, expected more than 8 neighbors"],
    [broken, {}, "row 20 has less than 7 neighbors, expected numbers in all rows"],
  ];
  for (const [given, more, message] of attempts) {
    const run = () => embeddingMap(given, { ...options, ...more });
    await assertRejects(run, RangeError, `Cannot draw a map: ${message}`);
  }
  assertEquals(tf.memory().numTensors, numTensors);
});
