/**
 * In-shop Clothes Retrieval.
 *
 * @module
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { ImageSet } from "../image_set.ts";
import { checkOptions, readEntries } from "./_entries.ts";
import { failAt, readTable } from "./_text.ts";
import type { PublishedOptions } from "./options.ts";

const TITLE = "In-shop Clothes Retrieval";
const LIST = "list_eval_partition.txt";

/** A part of In-shop Clothes Retrieval: for training, what is searched with, or what is searched. */
export type InShopSplit = "train" | "query" | "gallery";

const SPLITS: readonly InShopSplit[] = ["train", "query", "gallery"];

/**
 * Reads a part of In-shop Clothes Retrieval: photos of clothes in a shop, a class an item.
 *
 * The folder holds `list_eval_partition.txt`, itself or in `Eval/`, and the images, in `img/`, `Img/img/` or `Img/`. The
 * published split: 3,997 items (25,882 images) train, 3,985 others test, where 14,218 images are searched with, the
 * `query`, and 12,612 searched, the `gallery`; Liu et al., "DeepFashion: powering robust clothes recognition and
 * retrieval with rich annotations", 2016. The query and the gallery number their classes alike. A class is named by its
 * item, such as `id_00000001`. Nobody knows who took a photo, so all have the one source `unknown`.
 *
 * @returns The images; originals are decoded a few at a time.
 * @throws {RangeError} If an option is out of range.
 * @throws {SyntaxError} If the list is not in the published format; names file and line.
 * @throws {Error} If a file is missing or no image.
 *
 * @example
 * ```ts
 * import { loadInShop } from "@gradfold/gradfold/data";
 * import { createCanvas } from "@napi-rs/canvas";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.mkdir(`${folder}/img`);
 * await Deno.writeFile(`${folder}/img/front.jpg`, await createCanvas(40, 30).encode("jpeg"));
 * const list = "1\nimage_name item_id evaluation_status\nimg/front.jpg id_00000001 query\n";
 * await Deno.writeTextFile(`${folder}/list_eval_partition.txt`, list);
 *
 * const { examples, height, classes } = await loadInShop({ folder, split: "query", size: 8 });
 * assertEquals([examples, height, classes], [1, 8, ["id_00000001"]]);
 * ```
 */
export async function loadInShop(options: PublishedOptions<InShopSplit>): Promise<ImageSet> {
  checkOptions(TITLE, options, SPLITS);
  const { folder, split } = options;
  const path = await firstThere([join(folder, "Eval", LIST), join(folder, LIST)]);
  const { head, lines } = await readTable(TITLE, path, 3, [/^\d+$/, "image_name item_id evaluation_status"]);
  if (Number(head[0]) !== lines.length) {
    failAt(TITLE, `${path}:1`, `the file counts ${head[0]} images, but lists ${lines.length}`, "the whole file");
  }
  for (const { fields: [, , status], at } of lines) {
    if (!SPLITS.includes(status as InShopSplit)) {
      failAt(TITLE, at, `evaluation_status is ${status}`, `one of ${SPLITS.join(", ")}`);
    }
  }
  const phase = lines.filter(({ fields }) => (fields[2] === "train") === (split === "train"));
  const chosen = phase.filter(({ fields }) => fields[2] === split);
  const place = chosen.length > 0 ? await placeOf(folder, chosen[0]!.fields[0]!) : (name: string) => name;
  const entries = chosen.map(({ fields: [name, item] }) => ({ path: place(name!), name: name!, className: item! }));
  return await readEntries(TITLE, entries, options, [...new Set(phase.map(({ fields }) => fields[1]!))]);
}

/** How the names of images, which begin with `img/`, become paths below the folder. */
async function placeOf(folder: string, example: string): Promise<(name: string) => string> {
  const places = [
    (name: string) => name,
    (name: string) => join("Img", name),
    (name: string) => name.replace(/^img\//, "Img/"),
  ];
  const there = await firstThere(places.map((place) => join(folder, place(example))));
  return places.find((place) => join(folder, place(example)) === there)!;
}

/** The first of some paths that is there, or the first of all. */
async function firstThere(paths: readonly string[]): Promise<string> {
  for (const path of paths) {
    if (await stat(path).then(() => true, () => false)) return path;
  }
  return paths[0]!;
}
