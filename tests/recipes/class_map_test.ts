import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { key } from "../../core/key.ts";
import { normal } from "../../core/stream.ts";
import { classMap, type ClassMapOptions } from "../../recipes/images/map.ts";
import { renderSvg } from "../../recipes/runner/figures.ts";
import { engineTest } from "../support/mod.ts";
import { colorImages } from "./_color_images.ts";

/** Twelve classes of five images each, and one of two; dimension c leans on class c. */
function example(): Pick<ClassMapOptions, "set" | "representations"> {
  const labels = Array.from({ length: 62 }, (_, i) => i < 60 ? i % 12 : 12);
  const values = normal(key(2), [0], 62 * 13).map((noise, i) =>
    0.2 * noise + (i % 13 === labels[Math.floor(i / 13)] ? 2 : 0)
  );
  return {
    set: colorImages(labels, labels.map(() => 0), 1),
    representations: tf.tensor2d(values, [62, 13]),
  };
}

/** How many marks there are of each color. */
async function marks(options: ClassMapOptions): Promise<{ svg: string; counts: Record<string, number> }> {
  const svg = await renderSvg(await classMap(options));
  const counts: Record<string, number> = {};
  for (const [, body] of svg.matchAll(/class="mark-symbol role-mark[^"]*"[^>]*>(.*?)<\/g>/gs)) {
    for (const [, color] of body!.matchAll(/fill="([^"]+)"/g)) counts[color!] = (counts[color!] ?? 0) + 1;
  }
  return { svg, counts };
}

engineTest("classMap() colors all images of some classes, and draws others in grey", async () => {
  const options = { ...example(), key: key(3), classes: 3, neighbors: 5 };
  const { numTensors } = tf.memory();
  const { svg, counts } = await marks(options);
  assertEquals(tf.memory().numTensors, numTensors);
  assertEquals(counts, { "#bbbbbb": 62 - 15, "#0072b2": 5, "#d55e00": 5, "#009e73": 5 });
  assertEquals([...svg.matchAll(/>class \d+</g)].length, 3);
  assert(svg.includes(">3 classes among 62 images (UMAP)<"));
  const few = await marks({ ...options, points: 20 });
  assertEquals(few.counts, { "#bbbbbb": 5, "#0072b2": 5, "#d55e00": 5, "#009e73": 5 });
});

engineTest("classMap() is the same for the same key, and has no class of less than three images", async () => {
  const options = { ...example(), key: key(3), neighbors: 5 };
  const first = (await marks(options)).svg;
  assertEquals((await marks(options)).svg, first);
  assertNotEquals((await marks({ ...options, key: key(4) })).svg, first);
  for (let seed = 0; seed < 5; seed++) {
    const { svg } = await marks({ ...options, key: key(seed) });
    assertEquals([...svg.matchAll(/>class \d+</g)].length, 7);
    assert(!svg.includes(">class 12<"));
  }
});

engineTest("classMap() names what does not fit", async () => {
  const { set, representations } = example();
  const options = { set, representations, key: key(1) };
  const attempts: [Partial<ClassMapOptions>, string][] = [
    [{ set: colorImages([0, 0, 0], [0, 0, 0]) }, "there are 62 representations, expected 3 as images"],
    [{ classes: 8 }, "classes is 8, expected an integer from 1 to 7"],
    [{ classes: 0 }, "classes is 0"],
    [{ neighbors: 70 }, "there are 62 points, expected more than 70 neighbors"],
    [{ set: { ...set, labels: set.labels.map((_, row) => row) } }, "no class has three images"],
  ];
  for (const [more, message] of attempts) {
    await assertRejects(() => classMap({ ...options, ...more }), RangeError, `Cannot draw a map: ${message}`);
  }
});
