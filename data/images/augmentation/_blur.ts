import type { Shape } from "./_sample.ts";

/** Blurs an image in place: along its rows, then along its columns. Its outermost pixels go on beyond its edges. */
export function blur(image: Float32Array, { height, width, channels }: Shape, sigma: number): void {
  const taps = gaussianTaps(sigma);
  const radius = taps.length - 1;
  const rowSize = width * channels;
  const padded = new Float32Array((Math.max(width, height) + 2 * radius) * rowSize);
  for (let y = 0; y < height; y++) {
    const row = image.subarray(y * rowSize, (y + 1) * rowSize);
    pad(row, padded, channels, radius);
    convolve(padded, taps, channels, row);
  }
  pad(image, padded, rowSize, radius);
  convolve(padded, taps, rowSize, image);
}

/** The middle of a Gaussian kernel of sum 1 and what lies to one side of it. */
function gaussianTaps(sigma: number): Float64Array {
  const taps = Float64Array.from({ length: Math.ceil(3 * sigma) + 1 }, (_, i) => Math.exp(-((i / sigma) ** 2) / 2));
  const sum = taps.reduce((total, tap) => total + 2 * tap, -1);
  return taps.map((tap) => tap / sum);
}

/** Copies a line of items, with the first and the last repeated `radius` times before and after. */
function pad(line: Float32Array, padded: Float32Array, item: number, radius: number): void {
  const before = radius * item;
  padded.set(line, before);
  padded.copyWithin(before + line.length, before + line.length - item, before + line.length);
  for (let i = 0; i < before; i++) padded[i] = line[i % item]!;
  for (let i = 0; i < before; i++) padded[before + line.length + i] = line[line.length - item + i % item]!;
}

function convolve(padded: Float32Array, taps: Float64Array, item: number, out: Float32Array): void {
  const before = (taps.length - 1) * item;
  for (let i = 0, middle = before; i < out.length; i++, middle++) {
    let sum = taps[0]! * padded[middle]!;
    for (let tap = 1, away = item; tap < taps.length; tap++, away += item) {
      sum += taps[tap]! * (padded[middle - away]! + padded[middle + away]!);
    }
    out[i] = sum;
  }
}
