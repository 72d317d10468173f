import { assert, assertEquals } from "@std/assert";
import { loadCub200 } from "../../../data/images/published/mod.ts";
import { type Content, type Drawing, withFolder } from "./_folders.ts";

/** Reads drawings as images of a size: a list of red, green and blue for each pixel, image by image. */
async function read(drawings: readonly Content[], size: number, fit?: "crop" | "squeeze"): Promise<number[][][]> {
  const files = Object.fromEntries(drawings.map((drawing, i) => [`images/001.Wug/${i}.png`, drawing]));
  const lines = (text: (i: number) => string) => drawings.map((_, i) => `${i} ${text(i)}\n`).join("");
  const lists = { "images.txt": lines((i) => `001.Wug/${i}.png`), "image_class_labels.txt": lines(() => "1") };
  const { pixels } = await withFolder(
    { ...files, ...lists },
    (folder) => loadCub200({ folder, split: "train", size, ...(fit ? { fit } : {}) }),
  );
  return drawings.map((_, i) =>
    Array.from(
      { length: size * size },
      (_, j) => [...pixels.slice((i * size * size + j) * 3, (i * size * size + j + 1) * 3)],
    )
  );
}

const flag: Drawing = { width: 60, height: 20, stripes: ["#ff0000", "#00ff00", "#0000ff"] };
const [red, green, blue] = [[255, 0, 0], [0, 255, 0], [0, 0, 255]];

Deno.test("readers of published sets crop the middle of an image, or squeeze it all", async () => {
  const [cropped] = await read([flag], 10);
  assertEquals(cropped, Array.from({ length: 100 }, () => green));
  const [squeezed] = await read([flag], 3, "squeeze");
  assertEquals(squeezed, [red, green, blue, red, green, blue, red, green, blue]);
  const [tall] = await read([{ ...flag, width: 30, height: 90 }], 3);
  assertEquals(tall, squeezed);
});

Deno.test("readers of published sets enlarge what is smaller than asked for", async () => {
  const [large] = await read([{ width: 2, height: 1, stripes: ["#ff0000", "#ff0000"] }], 4);
  assertEquals(large, Array.from({ length: 16 }, () => red));
});

Deno.test("readers of published sets average over what falls into a pixel", async () => {
  const stripes = Array.from({ length: 384 }, (_, i) => i % 3 === 0 ? "#ffffff" : "#000000");
  const [small] = await read([{ width: 384, height: 384, stripes }], 32);
  const grays = small!.map(([value]) => value!);
  const mean = grays.reduce((sum, gray) => sum + gray, 0) / grays.length;
  assert(Math.abs(mean - 85) < 1, `the mean is ${mean}`);
  assert(grays.every((gray) => Math.abs(gray - 85) < 2), `${grays.slice(0, 32)}`);
  // 384 / 50 = 7.68 stripes a pixel.
  const [odd] = await read([{ width: 384, height: 384, stripes }], 50);
  assert(odd!.every(([gray]) => Math.abs(gray! - 85) < 25), `${odd!.slice(0, 50)}`);
});

Deno.test("readers of published sets put see-through images on white, each on its own", async () => {
  const clear: Drawing = { width: 4, height: 4, stripes: ["rgba(0, 0, 0, 0)"] };
  const images = await read([flag, clear, flag, clear, flag, clear, flag, clear, flag, clear], 2);
  for (const [i, image] of images.entries()) {
    assertEquals(image, Array.from({ length: 4 }, () => i % 2 ? [255, 255, 255] : green!), `image ${i}`);
  }
});
