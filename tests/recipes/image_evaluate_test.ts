import { assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { key, uniform } from "../../core/mod.ts";
import type { ImageSet } from "../../data/mod.ts";
import { encodeImages, pixelRows } from "../../recipes/images/encode.ts";
import { evaluate, evaluatePixels } from "../../recipes/images/evaluate.ts";
import type { ImageTask } from "../../recipes/images/task.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";
import { colorImages } from "./_color_images.ts";
import { dot, linearEncoder, sum, unit } from "./_linear_images.ts";

const SIDE = 2;
const PIXELS = SIDE * SIDE * 3;

/** Images of random pixels; class by class, one of each origin. */
function imagesOf(classes: number, origins: number, seed: number): ImageSet {
  const count = classes * origins;
  const labels = Array.from({ length: count }, (_, i) => Math.floor(i / origins));
  const pixels = Uint8Array.from(uniform(key(seed), [0], count * PIXELS), (x) => Math.floor(256 * x));
  return { ...colorImages(labels, labels.map((_, i) => i % origins), SIDE), pixels };
}

const valuesOf = ({ pixels, examples }: ImageSet) =>
  Array.from({ length: examples }, (_, i) => [...pixels.subarray(i * PIXELS, (i + 1) * PIXELS)].map((x) => x / 255));

/** The share of queries with an image of their class among the first k that are allowed. */
function recall(
  [queries, references]: readonly (readonly (readonly number[])[])[],
  [labels, others]: readonly Int32Array[],
  k: number,
  allowed: (query: number, reference: number) => boolean,
): number {
  const hits = queries!.map((query, i) =>
    references!.map((row, j) => ({ j, s: dot(unit(query), unit(row)) })).filter(({ j }) => allowed(i, j))
      .sort((a, b) => b.s - a.s).slice(0, k).some(({ j }) => others![j] === labels![i])
  );
  return hits.filter(Boolean).length / hits.length;
}

const several = imagesOf(8, 3, 1);
const single: ImageSet = { ...several, origins: new Int32Array(several.examples) };
const cases: readonly { name: string; task: ImageTask; allowed: (query: number, reference: number) => boolean }[] = [
  {
    name: "leaves out images of the query's own origin",
    task: { train: several, test: several },
    allowed: (i, j) => several.origins[i] !== several.origins[j],
  },
  {
    name: "leaves out the query alone where all are of one origin",
    task: { train: several, test: single },
    allowed: (i, j) => i !== j,
  },
  {
    name: "searches the whole gallery where there is one",
    task: { train: several, test: several, gallery: imagesOf(8, 2, 2) },
    allowed: () => true,
  },
];

for (const { name, task, allowed } of cases) {
  engineTest(`evaluate() and evaluatePixels() ${name}`, async () => {
    const encoder = linearEncoder(PIXELS, 3, key(3));
    const before = tf.memory().numTensors;
    const sets = [task.test, task.gallery ?? task.test];
    const labels = sets.map((set) => set.labels);
    const scores = await evaluate(encoder, task);
    const encoded = sets.map((set) => encoder.rows(valuesOf(set)));
    assertAlmostEquals(scores.recall1, recall(encoded, labels, 1, allowed), 1e-6);
    assertAlmostEquals(scores.recall10, recall(encoded, labels, 10, allowed), 1e-6);
    const centred = sets.map((set) => valuesOf(set).map((image) => image.map((x) => x - sum(image) / PIXELS)));
    const pixels = await evaluatePixels(task);
    assertAlmostEquals(pixels.recall1, recall(centred, labels, 1, allowed), 1e-6);
    assertEquals(tf.memory().numTensors, before);
    encoder.params.kernel.dispose();
  });
}

engineTest("encodeImages() does not depend on the size of its pieces", () => {
  const encoder = linearEncoder(PIXELS, 3, key(3));
  const whole = assertNewTensors(1, () => encodeImages(encoder, several));
  const pieces = encodeImages(encoder, several, 5);
  assertEquals(pieces.shape, [24, 3]);
  assertClose(pieces, whole, 1e-6);
  const rows = assertNewTensors(1, () => pixelRows(several));
  assertEquals(rows.shape, [24, PIXELS]);
  tf.dispose([whole, pieces, rows, encoder.params.kernel]);
});
