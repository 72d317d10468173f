import type { PixelMap } from "./_geometry.ts";

/** Rows, columns and channels of an image. */
export interface Shape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/**
 * Reads an image of bytes bilinearly through a map, as numbers from 0 to 1. Between the middles of the outermost pixels
 * and the image's edge their values go on; beyond it is `fill`.
 */
export function sample(
  bytes: Uint8Array,
  { height, width, channels }: Shape,
  map: PixelMap,
  fill: Float32Array,
  out: Float32Array,
) {
  const { a, b, c, d, e, f } = map;
  const lastColumn = width - 1;
  const lastRow = height - 1;
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const column = a * x + b * y + c;
      const row = d * x + e * y + f;
      if (column < -0.5 || column > lastColumn + 0.5 || row < -0.5 || row > lastRow + 0.5) {
        for (let channel = 0; channel < channels; channel++) out[at++] = fill[channel]!;
        continue;
      }
      const inColumn = column < 0 ? 0 : column > lastColumn ? lastColumn : column;
      const inRow = row < 0 ? 0 : row > lastRow ? lastRow : row;
      const left = inColumn | 0;
      const top = inRow | 0;
      const right = inColumn - left;
      const below = inRow - top;
      let here = (top * width + left) * channels;
      const toRight = left < lastColumn ? channels : 0;
      const toBelow = top < lastRow ? width * channels : 0;
      for (let channel = 0; channel < channels; channel++, here++) {
        const upper = bytes[here]! * (1 - right) + bytes[here + toRight]! * right;
        const lower = bytes[here + toBelow]! * (1 - right) + bytes[here + toBelow + toRight]! * right;
        out[at++] = (upper * (1 - below) + lower * below) / 255;
      }
    }
  }
}
