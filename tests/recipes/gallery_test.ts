import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { key } from "../../core/key.ts";
import { normal } from "../../core/stream.ts";
import { gallery, type GalleryOptions } from "../../recipes/images/gallery.ts";
import { engineTest } from "../support/mod.ts";
import { colorImages, readSheet } from "./_color_images.ts";
import { readPng } from "./_png.ts";

const [GREEN, ORANGE, GREY] = ["#009e73", "#d55e00", "#999999"];
const COUNT = 60;

/** Ten classes drawn by six artists; each representation leans on its class, and more on its artist. */
function example() {
  const labels = Array.from({ length: COUNT }, (_, i) => i % 10);
  const origins = Array.from({ length: COUNT }, (_, i) => Math.floor(i / 10));
  const values = normal(key(2), [0], COUNT * 16).map((noise, i) => {
    const [row, column] = [Math.floor(i / 16), i % 16];
    return 0.6 * noise + (column === labels[row] ? 1 : 0) + (column === 10 + origins[row]! ? 3 : 0);
  });
  return { set: colorImages(labels, origins), representations: tf.tensor2d(values, [COUNT, 16]), values };
}

/** The rows of the sheet: a query and what was found. */
async function rowsOf(options: GalleryOptions) {
  const images = readSheet(readPng(await gallery(options)));
  return [...Map.groupBy(images, ({ y }) => y).values()].map(([query, ...found]) => {
    assertEquals(query!.frame, GREY);
    return { query: query!.row, found };
  });
}

engineTest("gallery() shows the nearest images of other artists, right ones framed in green", async () => {
  const { set, representations, values } = example();
  const { numTensors } = tf.memory();
  const rows = await rowsOf({ set, representations, key: key(1), queries: 6, k: 4 });
  assertEquals(tf.memory().numTensors, numTensors);
  assertEquals(rows.length, 6);
  const vector = (row: number) => Array.from(values.subarray(row * 16, (row + 1) * 16));
  const cosine = (a: number[], b: number[]) =>
    a.reduce((sum, x, i) => sum + x * b[i]!, 0) / (Math.hypot(...a) * Math.hypot(...b));
  for (const { query, found } of rows) {
    const others = Array.from({ length: COUNT }, (_, row) => row)
      .filter((row) => set.origins[row] !== set.origins[query])
      .sort((a, b) => cosine(vector(query), vector(b)) - cosine(vector(query), vector(a)));
    assertEquals(found.map(({ row }) => row), others.slice(0, 4));
    assertEquals(
      found.map(({ frame }) => frame),
      others.slice(0, 4).map((row) => set.labels[row] === set.labels[query] ? GREEN : ORANGE),
    );
  }
  // Half of the queries are right at rank 1; those come first.
  assertEquals(rows.map(({ found }) => found[0]!.frame), [GREEN, GREEN, GREEN, ORANGE, ORANGE, ORANGE]);
});

engineTest("gallery() chooses other queries for another key, and the same for the same", async () => {
  const { set, representations } = example();
  const options = { set, representations, queries: 4, k: 2 };
  const first = await gallery({ ...options, key: key(1) });
  assertEquals(await gallery({ ...options, key: key(1) }), first);
  assertNotEquals(await gallery({ ...options, key: key(2) }), first);
});

engineTest("gallery() leaves out only the query itself in a set of one source", async () => {
  const set = colorImages([0, 0, 1, 1, 2], [0, 0, 0, 0, 0]);
  const representations = tf.tensor2d([[1, 0], [1, 0.1], [0, 1], [0.1, 1], [1, 1]]);
  // Image 4 has no match, so that it is no query, and no query is wrong at rank 1.
  const rows = await rowsOf({ set, representations, key: key(1), queries: 8, k: 2 });
  assertEquals(new Set(rows.map(({ query }) => query)), new Set([0, 1, 2, 3]));
  for (const { query, found } of rows) {
    assertEquals(found.map(({ row }) => row), [query ^ 1, 4]);
    assertEquals(found.map(({ frame }) => frame), [GREEN, ORANGE]);
  }
});

engineTest("gallery() shows fewer neighbors where there are no more", async () => {
  const set = colorImages([0, 0, 1], [0, 1, 1]);
  const representations = tf.tensor2d([[1, 0], [1, 0.1], [0, 1]]);
  const rows = await rowsOf({ set, representations, key: key(1), k: 8 });
  assertEquals(rows.map(({ query, found }) => [query, found.length]).sort(), [[0, 2], [1, 1]]);
  assert(rows.every(({ found }) => found[0]!.frame === GREEN));
});

engineTest("gallery() names what does not fit, and leaves nothing behind", async () => {
  const { set, representations } = example();
  const { numTensors } = tf.memory();
  const options = { set, representations, key: key(1) };
  const attempts: [Partial<GalleryOptions>, string][] = [
    [{ set: colorImages([0, 0], [0, 1]) }, "Cannot draw a gallery: there are 60 representations, expected 2 as images"],
    [{ queries: 0 }, "Cannot draw a gallery: queries is 0, expected an integer of at least 1"],
    [{ k: 0 }, "k is 0, expected an integer of at least 1"],
    // All images of a class are by one artist.
    [{ set: { ...set, origins: set.labels } }, "Cannot draw a gallery: no image has a match"],
  ];
  for (const [more, message] of attempts) {
    await assertRejects(() => gallery({ ...options, ...more }), RangeError, message);
  }
  assertEquals(tf.memory().numTensors, numTensors);
});
