/**
 * Draws SVG files to pixels.
 *
 * @module
 */

/** What draws; its version is a part of what a drawing looks like. */
export const renderer = "@napi-rs/canvas 1.0.11";

/** Draws an SVG file on a white square: red, green and blue of each pixel. */
export type Rasterize = (svg: string) => Promise<Uint8Array>;

// Drawn large and shrunk to the means of 4 × 4 pixels: edges, filters above all, come out finer than drawn small.
const SCALE = 4;

/** Makes a function that draws; it throws if a file cannot be drawn or leaves the canvas white. */
export async function rasterizer(size: number): Promise<Rasterize> {
  // Whoever draws nothing does not load the package.
  const { createCanvas, Image } = await import("@napi-rs/canvas");
  const side = size * SCALE;
  const large = createCanvas(side, side);
  const drawing = large.getContext("2d");
  drawing.fillStyle = "white";
  const shrunk = createCanvas(size, size).getContext("2d");
  // Of the three qualities the one that takes means.
  shrunk.imageSmoothingQuality = "medium";
  // One for all files: what each would hold is seen by no garbage collector.
  const image = new Image();
  return async (svg) => {
    image.width = side;
    image.height = side;
    image.src = new TextEncoder().encode(svg);
    await image.decode();
    drawing.fillRect(0, 0, side, side);
    drawing.drawImage(image, 0, 0, side, side);
    shrunk.drawImage(large, 0, 0, size, size);
    const { data } = shrunk.getImageData(0, 0, size, size);
    const pixels = new Uint8Array(size * size * 3);
    for (let from = 0, to = 0; to < pixels.length; from += 4, to += 3) {
      pixels[to] = data[from]!;
      pixels[to + 1] = data[from + 1]!;
      pixels[to + 2] = data[from + 2]!;
    }
    if (pixels.every((value) => value === 255)) throw new Error("nothing is seen");
    return pixels;
  };
}
