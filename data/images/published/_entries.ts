import { join } from "node:path";
import type { ImageSet } from "../image_set.ts";
import { decodeImages } from "./_decode.ts";
import type { PublishedOptions } from "./options.ts";

/** An image as a list names it. */
export interface Entry {
  /** Its file, below the folder. */
  readonly path: string;
  /** What tells it from the others. */
  readonly name: string;
  /** The name of its class. */
  readonly className: string;
}

/** Checks what all readers take. */
export function checkOptions(title: string, options: PublishedOptions<string>, splits: readonly string[]): void {
  const { split, size = 32, fit = "crop" } = options;
  if (!splits.includes(split)) {
    throw new RangeError(`Cannot read ${title}: split is ${split}, expected one of ${splits.join(", ")}`);
  }
  if (!Number.isInteger(size) || size < 1 || size > 4096) {
    throw new RangeError(`Cannot read ${title}: size is ${size}, expected an integer from 1 to 4096`);
  }
  if (fit !== "crop" && fit !== "squeeze") {
    throw new RangeError(`Cannot read ${title}: fit is ${fit}, expected crop or squeeze`);
  }
}

/** Decodes the entries of a split; classes are numbered in the order given, or in which they come. */
export async function readEntries(
  title: string,
  entries: readonly Entry[],
  { folder, split, size = 32, fit = "crop" }: PublishedOptions<string>,
  classes: readonly string[] = [...new Set(entries.map(({ className }) => className))],
): Promise<ImageSet> {
  if (entries.length === 0) {
    throw new SyntaxError(`Cannot read ${title}: ${folder} lists no image for ${split}, expected at least one`);
  }
  const numbers = new Map(classes.map((name, i) => [name, i]));
  return {
    examples: entries.length,
    height: size,
    width: size,
    channels: 3,
    pixels: await decodeImages(title, entries.map(({ path }) => join(folder, path)), size, fit),
    labels: Int32Array.from(entries, ({ className }) => numbers.get(className)!),
    classes,
    origins: new Int32Array(entries.length),
    sources: ["unknown"],
    names: entries.map(({ name }) => name),
  };
}
