/**
 * Stanford Cars, 196 models.
 *
 * @module
 */
import { join } from "node:path";
import type { ImageSet } from "../image_set.ts";
import { checkOptions, type Entry, readEntries } from "./_entries.ts";
import { type MatStruct, type MatValue, readMat } from "./_mat.ts";
import { failAt, readData } from "./_text.ts";
import type { PublishedOptions } from "./options.ts";

const TITLE = "Cars-196";
const TRAIN_CLASSES = 98;

/**
 * Reads a part of Cars-196: photos of cars of 196 models.
 *
 * The folder holds `cars_annos.mat` and `car_ims/`. The split is that of metric learning: the first 98 models (8,054
 * images) train, the others (8,131 images) test, whatever the field `test` says. Krause et al., "3D object
 * representations for fine-grained categorization", 2013; Song et al., "Deep metric learning via lifted structured
 * feature embedding", 2016. A class is named by its model, such as `AM General Hummer SUV 2000`. Nobody knows who took a
 * photo, so all have the one source `unknown`.
 *
 * @returns The images; originals are decoded a few at a time.
 * @throws {RangeError} If an option is out of range.
 * @throws {SyntaxError} If `cars_annos.mat` is not in the published format.
 * @throws {Error} If a file is missing or no image.
 *
 * @example
 * ```ts
 * import { loadCars196 } from "@gradfold/gradfold/data";
 * import { assertRejects } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * await assertRejects(() => loadCars196({ folder, split: "train" }), Error, "cars_annos.mat cannot be opened");
 * ```
 */
export async function loadCars196(options: PublishedOptions): Promise<ImageSet> {
  checkOptions(TITLE, options, ["train", "test"]);
  const { folder, split } = options;
  const path = join(folder, "cars_annos.mat");
  const { annotations, class_names } = await readVariables(path);
  const names = cellsOf(class_names);
  const structs = structsOf(annotations) ??
    failAt(TITLE, path, "there are no structs `annotations`", "the file of the published archive");
  const entries: Entry[] = [];
  structs.forEach((struct, i) => {
    const number = Array.isArray(struct.class) ? struct.class[0] : undefined;
    const image = struct.relative_im_path;
    if (!Number.isInteger(number) || number < 1 || number > 196 || typeof image !== "string") {
      const found = `class is ${number} and relative_im_path is ${image}`;
      failAt(TITLE, `${path}, annotation ${i + 1}`, found, "a class from 1 to 196 and a path");
    }
    if ((number <= TRAIN_CLASSES) !== (split === "train")) return;
    const name = names[number - 1];
    entries.push({ path: image, name: image, className: typeof name === "string" ? name : `${number}` });
  });
  return await readEntries(TITLE, entries, options);
}

async function readVariables(path: string): Promise<{ [name: string]: MatValue }> {
  const bytes = await readData(TITLE, path);
  try {
    return await readMat(bytes, ["annotations", "class_names"]);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SyntaxError(`Cannot read ${TITLE}: ${path}: ${error.message}`, { cause: error });
  }
}

function cellsOf(value: MatValue | undefined): readonly MatValue[] {
  return typeof value === "object" && "cells" in value ? value.cells : [];
}

function structsOf(value: MatValue | undefined): readonly MatStruct[] | undefined {
  return typeof value === "object" && "structs" in value ? value.structs : undefined;
}
