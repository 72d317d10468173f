/**
 * Caltech-UCSD Birds 200-2011.
 *
 * @module
 */
import { join } from "node:path";
import type { ImageSet } from "../image_set.ts";
import { checkOptions, readEntries } from "./_entries.ts";
import { failAt, integerField, readTable } from "./_text.ts";
import type { PublishedOptions } from "./options.ts";

const TITLE = "CUB-200-2011";
const TRAIN_CLASSES = 100;

/**
 * Reads a part of CUB-200-2011: photos of birds of 200 species.
 *
 * The folder holds `images.txt`, `image_class_labels.txt` and `images/`. The split is that of metric learning: the first
 * 100 species (5,864 images) train, the others (5,924 images) test, whatever `train_test_split.txt` says. Wah et al.,
 * "The Caltech-UCSD Birds-200-2011 dataset", 2011; Song et al., "Deep metric learning via lifted structured feature
 * embedding", 2016. A class is named as its folder is, such as `001.Black_footed_Albatross`. Nobody knows who took a
 * photo, so all have the one source `unknown`.
 *
 * @returns The images; originals are decoded a few at a time.
 * @throws {RangeError} If an option is out of range.
 * @throws {SyntaxError} If a list is not in the published format; names file and line.
 * @throws {Error} If a file is missing or no image.
 *
 * @example
 * ```ts
 * import { loadCub200 } from "@gradfold/gradfold/data";
 * import { createCanvas } from "@napi-rs/canvas";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.mkdir(`${folder}/images/001.Wug`, { recursive: true });
 * await Deno.writeFile(`${folder}/images/001.Wug/one.jpg`, await createCanvas(40, 30).encode("jpeg"));
 * await Deno.writeTextFile(`${folder}/images.txt`, "1 001.Wug/one.jpg\n");
 * await Deno.writeTextFile(`${folder}/image_class_labels.txt`, "1 1\n");
 *
 * const { examples, height, classes } = await loadCub200({ folder, split: "train", size: 8 });
 * assertEquals([examples, height, classes], [1, 8, ["001.Wug"]]);
 * ```
 */
export async function loadCub200(options: PublishedOptions): Promise<ImageSet> {
  checkOptions(TITLE, options, ["train", "test"]);
  const { folder, split } = options;
  const labelFile = join(folder, "image_class_labels.txt");
  const labels = new Map<string, number>();
  for (const line of (await readTable(TITLE, labelFile, 2)).lines) {
    labels.set(line.fields[0]!, integerField(TITLE, line, 1, "the class", 200));
  }
  const entries = [];
  for (const { fields: [id, path], at } of (await readTable(TITLE, join(folder, "images.txt"), 2)).lines) {
    const label = labels.get(id!);
    if (label === undefined) failAt(TITLE, at, `image ${id} has no class`, `a line of it in ${labelFile}`);
    if ((label <= TRAIN_CLASSES) === (split === "train")) {
      entries.push({ path: join("images", path!), name: path!, className: path!.split("/")[0]! });
    }
  }
  return await readEntries(TITLE, entries, options);
}
