/**
 * A plain canvas: rectangles, images and captions in pixels.
 *
 * @module
 */
import { LETTER_WIDTH, letterPixels } from "./pixel_font.ts";
import type { Picture } from "./png.ts";

/** A color as #rrggbb. */
export type Color = `#${string}`;

/** A place on a canvas. */
export interface Place {
  /** Columns from the left. */
  readonly x: number;
  /** Rows from the top. */
  readonly y: number;
}

/** Images of one size, as in an `ImageSet`. */
export interface Images {
  /** Rows of an image. */
  readonly height: number;
  /** Columns of an image. */
  readonly width: number;
  /** 3 for red, green, blue, or 1 for grey. */
  readonly channels: number;
  /** All pixels, from 0 to 255, image after image. */
  readonly pixels: Uint8Array;
}

/** What is drawn on; what lies outside is cut off. */
export interface Canvas extends Picture {
  /** Fills a rectangle. */
  fill(at: Place & { readonly width: number; readonly height: number }, color: Color): void;
  /** Draws one of some images, each of its pixels as a square of `scale` × `scale`. */
  image(at: Place, images: Images, row: number, scale: number): void;
  /** Writes one line of text below and to the right of a place. */
  text(at: Place, text: string, color: Color, weight?: "bold"): void;
}

/** Makes a canvas of one color. */
export function createCanvas(width: number, height: number, background: Color): Canvas {
  const pixels = new Uint8Array(width * height * 3);
  const fill: Canvas["fill"] = (at, color) => {
    const value = parseColor(color);
    const [left, right] = [Math.max(0, at.x), Math.min(width, at.x + at.width)];
    for (let y = Math.max(0, at.y); y < Math.min(height, at.y + at.height); y++) {
      for (let x = left; x < right; x++) pixels.set(value, (y * width + x) * 3);
    }
  };
  fill({ x: 0, y: 0, width, height }, background);
  return {
    width,
    height,
    pixels,
    fill,
    image(at, images, row, scale) {
      const { channels } = images;
      for (let y = 0; y < images.height * scale; y++) {
        for (let x = 0; x < images.width * scale; x++) {
          if (at.x + x >= width || at.y + y >= height) continue;
          const from = ((row * images.height + Math.floor(y / scale)) * images.width + Math.floor(x / scale)) *
            channels;
          const to = ((at.y + y) * width + at.x + x) * 3;
          for (let c = 0; c < 3; c++) pixels[to + c] = images.pixels[from + (channels === 1 ? 0 : c)]!;
        }
      }
    },
    text(at, text, color, weight) {
      Array.from(text).forEach((letter, i) => {
        for (const [x, y] of letterPixels(letter)) {
          fill({ x: at.x + i * LETTER_WIDTH + x, y: at.y + y, width: weight ? 2 : 1, height: 1 }, color);
        }
      });
    },
  };
}

function parseColor(color: Color): [number, number, number] {
  const value = parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
