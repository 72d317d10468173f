/**
 * Layer normalisation of rows, and its gradient.
 *
 * @module
 */
import { type FusedKernel, values } from "./heap.ts";

/** Inputs x, scale and shift; output scale · (x - mean) / √(variance + epsilon) + shift, row by row. */
export const layerNorm: FusedKernel = ({ inputs, attrs, backend }) => {
  const [x, scale, shift] = [inputs[0]!, inputs[1]!, inputs[2]!];
  const { epsilon } = attrs as { epsilon: number };
  const y = backend.makeOutput(x.shape, "float32");
  const [from, to] = [values(backend, x), values(backend, y)];
  const [factors, summands] = [values(backend, scale), values(backend, shift)];
  const width = factors.length;
  for (let first = 0; first < from.length; first += width) {
    const mean = meanOf(from, first, width);
    const inverse = 1 / Math.sqrt(squaresOf(from, first, width, mean) + epsilon);
    for (let j = 0, at = first; j < width; j++, at++) {
      to[at] = (from[at]! - mean) * inverse * factors[j]! + summands[j]!;
    }
  }
  return [y];
};

/**
 * Inputs x, scale and dy; outputs dx, dscale and dshift.
 *
 * With n the normalised row and g = dy · scale: dx = (g - mean(g) - n · mean(g · n)) / deviation.
 */
export const layerNormGrad: FusedKernel = ({ inputs, attrs, backend }) => {
  const [x, scale, dy] = [inputs[0]!, inputs[1]!, inputs[2]!];
  const { epsilon } = attrs as { epsilon: number };
  const [dx, dscale, dshift] = [x, scale, scale].map(({ shape }) => backend.makeOutput(shape, "float32")) as [
    typeof x,
    typeof x,
    typeof x,
  ];
  const [from, cotangent, to] = [values(backend, x), values(backend, dy), values(backend, dx)];
  const factors = Float64Array.from(values(backend, scale));
  const width = factors.length;
  const [scales, shifts, normal] = [new Float64Array(width), new Float64Array(width), new Float64Array(width)];
  for (let first = 0; first < from.length; first += width) {
    const mean = meanOf(from, first, width);
    const inverse = 1 / Math.sqrt(squaresOf(from, first, width, mean) + epsilon);
    let [sum, aligned] = [0, 0];
    for (let j = 0, at = first; j < width; j++, at++) {
      const own = (from[at]! - mean) * inverse;
      const change = cotangent[at]!;
      normal[j] = own;
      scales[j]! += change * own;
      shifts[j]! += change;
      sum += change * factors[j]!;
      aligned += change * factors[j]! * own;
    }
    sum /= width;
    aligned /= width;
    for (let j = 0, at = first; j < width; j++, at++) {
      to[at] = (cotangent[at]! * factors[j]! - sum - normal[j]! * aligned) * inverse;
    }
  }
  values(backend, dscale).set(scales);
  values(backend, dshift).set(shifts);
  return [dx, dscale, dshift];
};

function meanOf(from: Float32Array, first: number, width: number): number {
  // Two sums, since each addition waits for the one before.
  let [even, odd] = [0, 0];
  let at = first;
  for (const end = first + width - 1; at < end; at += 2) {
    even += from[at]!;
    odd += from[at + 1]!;
  }
  return (even + odd + (width % 2 === 0 ? 0 : from[at]!)) / width;
}

/** The mean squared deviation. */
function squaresOf(from: Float32Array, first: number, width: number, mean: number): number {
  let [even, odd] = [0, 0];
  let at = first;
  for (const end = first + width - 1; at < end; at += 2) {
    even += (from[at]! - mean) ** 2;
    odd += (from[at + 1]! - mean) ** 2;
  }
  return (even + odd + (width % 2 === 0 ? 0 : (from[at]! - mean) ** 2)) / width;
}
