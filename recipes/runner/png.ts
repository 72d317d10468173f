/**
 * Writes PNG files.
 *
 * @module
 */

/** Pixels of 8-bit red, green and blue, row after row. */
export interface Picture {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** `height` × `width` × 3 numbers from 0 to 255. */
  readonly pixels: Uint8Array;
}

const SIGNATURE = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);
/** 8 bits, red, green and blue, the only compression and filtering there is, not interlaced. */
const FORMAT = [8, 2, 0, 0, 0];
/** The filter that stores what differs from the pixel above, which is little where pictures are enlarged. */
const UP = 2;

/**
 * Encodes a picture as PNG.
 *
 * @throws {RangeError} If the pixels do not fit the size.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const png = await encodePng({ width: 1, height: 2, pixels: Uint8Array.of(255, 0, 0, 0, 0, 255) });
 * assertEquals(new TextDecoder().decode(png.subarray(1, 4)), "PNG");
 * ```
 */
export async function encodePng({ width, height, pixels }: Picture): Promise<Uint8Array<ArrayBuffer>> {
  if (!(width >= 1 && height >= 1 && pixels.length === width * height * 3)) {
    throw new RangeError(
      `Cannot encode a picture: ${width} × ${height} has ${pixels.length} numbers, expected ${width * height * 3} ` +
        "and at least one pixel",
    );
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set(FORMAT, 8);
  const parts = [
    SIGNATURE,
    chunk("IHDR", header),
    chunk("IDAT", await deflate(filtered(pixels, width * 3))),
    chunk("IEND", new Uint8Array(0)),
  ];
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** Rows as differences to the row above, each behind the number of its filter. */
function filtered(pixels: Uint8Array, stride: number): Uint8Array<ArrayBuffer> {
  const rows = pixels.length / stride;
  const out = new Uint8Array(pixels.length + rows);
  for (let row = 0, at = 0; row < rows; row++) {
    out[at++] = UP;
    for (let i = row * stride; i < (row + 1) * stride; i++) {
      out[at++] = pixels[i]! - (row > 0 ? pixels[i - stride]! : 0);
    }
  }
  return out;
}

/** Compresses into the format of zlib, which is what "deflate" stands for here. */
async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A part of the file: its length, its name, what is in it, and a checksum of name and content. */
function chunk(name: string, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(content.length + 12);
  const view = new DataView(out.buffer);
  view.setUint32(0, content.length);
  out.set(new TextEncoder().encode(name), 4);
  out.set(content, 8);
  view.setUint32(content.length + 8, crc32(out.subarray(4, content.length + 8)));
  return out;
}

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
