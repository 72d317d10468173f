/**
 * Stanford Online Products.
 *
 * @module
 */
import { join } from "node:path";
import type { ImageSet } from "../image_set.ts";
import { checkOptions, readEntries } from "./_entries.ts";
import { failAt, integerField, readTable } from "./_text.ts";
import type { PublishedOptions } from "./options.ts";

const TITLE = "Stanford Online Products";
const TRAIN_CLASSES = 11_318;

/**
 * Reads a part of Stanford Online Products: photos of products from a market place, a class a product.
 *
 * The folder holds `Ebay_train.txt`, `Ebay_test.txt` and a folder of images for each of twelve kinds of products. The
 * published split: classes 1 to 11,318 (59,551 images) train, the 11,316 others (60,502 images) test; Song et al., "Deep
 * metric learning via lifted structured feature embedding", 2016. A class is named by its kind and number, such as
 * `bicycle/1`. Nobody knows who took a photo, so all have the one source `unknown`.
 *
 * @returns The images; originals are decoded a few at a time.
 * @throws {RangeError} If an option is out of range.
 * @throws {SyntaxError} If a list is not in the published format; names file and line.
 * @throws {Error} If a file is missing or no image.
 *
 * @example
 * ```ts
 * import { loadStanfordOnlineProducts } from "@gradfold/gradfold/data";
 * import { createCanvas } from "@napi-rs/canvas";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.mkdir(`${folder}/lamp_final`);
 * await Deno.writeFile(`${folder}/lamp_final/1_0.JPG`, await createCanvas(40, 30).encode("jpeg"));
 * const list = "image_id class_id super_class_id path\n1 1 9 lamp_final/1_0.JPG\n";
 * await Deno.writeTextFile(`${folder}/Ebay_train.txt`, list);
 *
 * const { examples, height, classes } = await loadStanfordOnlineProducts({ folder, split: "train", size: 8 });
 * assertEquals([examples, height, classes], [1, 8, ["lamp/1"]]);
 * ```
 */
export async function loadStanfordOnlineProducts(options: PublishedOptions): Promise<ImageSet> {
  checkOptions(TITLE, options, ["train", "test"]);
  const { folder, split } = options;
  const { lines } = await readTable(TITLE, join(folder, `Ebay_${split}.txt`), 4, [
    "image_id class_id super_class_id path",
  ]);
  const entries = lines.map((line) => {
    const number = integerField(TITLE, line, 1, "class_id");
    if ((number <= TRAIN_CLASSES) !== (split === "train")) {
      const expected = split === "train" ? `1 to ${TRAIN_CLASSES}` : `above ${TRAIN_CLASSES}`;
      failAt(TITLE, line.at, `class_id is ${number}`, `${expected} for ${split}`);
    }
    const path = line.fields[3]!;
    return { path, name: path, className: `${path.replace(/(_final)?\/.*/, "")}/${number}` };
  });
  return await readEntries(TITLE, entries, options);
}
