import type { ImageSet } from "../../data/images/image_set.ts";
import type { ReadPicture } from "./_png.ts";

/** A set of images of one color each, so that they are found again on a picture. */
export function colorImages(labels: readonly number[], origins: readonly number[], side = 8): ImageSet {
  const colors = labels.flatMap((_, row) => Array.from({ length: side * side }, () => [row + 1, 50, 250]).flat());
  return {
    examples: labels.length,
    height: side,
    width: side,
    channels: 3,
    pixels: Uint8Array.from(colors),
    labels: Int32Array.from(labels),
    classes: Array.from({ length: Math.max(...labels) + 1 }, (_, i) => `class ${i}`),
    origins: Int32Array.from(origins),
    sources: Array.from({ length: Math.max(...origins) + 1 }, (_, i) => `artist ${i}`),
    names: labels.map((_, row) => `image ${row}`),
  };
}

/** The color of an image, as #rrggbb. */
export function colorOf(row: number): string {
  return `#${(row + 1).toString(16).padStart(2, "0")}32fa`;
}

/** All whole images on a picture, in reading order, with the color of their frame. */
export function readSheet({ width, height, at }: ReadPicture): { row: number; frame: string; x: number; y: number }[] {
  const rows = new Map(Array.from({ length: 200 }, (_, row) => [colorOf(row), row]));
  const images: { row: number; frame: string; x: number; y: number }[] = [];
  for (let y = 1; y < height; y++) {
    for (let x = 1; x < width; x++) {
      const row = rows.get(at(x, y));
      if (row === undefined || at(x - 1, y) === at(x, y) || at(x, y - 1) === at(x, y)) continue;
      images.push({ row, frame: at(x - 1, y), x, y });
    }
  }
  return images;
}
