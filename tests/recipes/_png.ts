/**
 * Reads PNG files, by the letter of the format and with another implementation of its parts.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { crc32, inflateSync } from "node:zlib";
import { Buffer } from "node:buffer";

/** A picture that was read: `at(x, y)` gives the color of a pixel as #rrggbb. */
export interface ReadPicture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
  at(x: number, y: number): string;
}

/** Reads an 8-bit RGB file that is not interlaced, and checks its signature, checksums and filters. */
export function readPng(png: Uint8Array): ReadPicture {
  assertEquals([...png.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const chunks = new Map<string, Uint8Array>();
  for (let at = 8; at < png.length;) {
    const length = view.getUint32(at);
    const named = png.subarray(at + 4, at + 8 + length);
    assertEquals(view.getUint32(at + 8 + length), crc32(Buffer.from(named)));
    chunks.set(new TextDecoder().decode(named.subarray(0, 4)), named.subarray(4));
    at += length + 12;
  }
  assertEquals([...chunks.keys()], ["IHDR", "IDAT", "IEND"]);
  const header = chunks.get("IHDR")!;
  const size = new DataView(header.buffer, header.byteOffset);
  const [width, height] = [size.getUint32(0), size.getUint32(4)];
  assertEquals([...header.subarray(8)], [8, 2, 0, 0, 0]);
  const lines = new Uint8Array(inflateSync(Buffer.from(chunks.get("IDAT")!)));
  assertEquals(lines.length, height * (width * 3 + 1));
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const start = y * (width * 3 + 1);
    assertEquals(lines[start], 2, "the filter Up");
    for (let i = 0; i < width * 3; i++) {
      const above = y === 0 ? 0 : pixels[(y - 1) * width * 3 + i]!;
      pixels[y * width * 3 + i] = (lines[start + 1 + i]! + above) % 256;
    }
  }
  const at = (x: number, y: number) => {
    const color = pixels.subarray((y * width + x) * 3, (y * width + x) * 3 + 3);
    return `#${Array.from(color, (value) => value.toString(16).padStart(2, "0")).join("")}`;
  };
  return { width, height, pixels, at };
}
