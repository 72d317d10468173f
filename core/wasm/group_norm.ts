/**
 * Group normalisation of images, and its gradient.
 *
 * @module
 */
import { addProducts, addRows, addSquares } from "./columns.ts";
import { type FusedKernel, values } from "./heap.ts";

/** Sizes of images [examples, places, channels], and how they are normalised. */
interface Norm {
  readonly places: number;
  readonly channels: number;
  readonly groups: number;
  readonly epsilon: number;
}

/** Inputs x, scale and shift; output scale · (x - mean) / √(variance + epsilon) + shift, by example and group. */
export const groupNorm: FusedKernel = ({ inputs, attrs, backend }) => {
  const [x, scale, shift] = [inputs[0]!, inputs[1]!, inputs[2]!];
  const y = backend.makeOutput(x.shape, "float32");
  const [from, to] = [values(backend, x), values(backend, y)];
  const [factors, summands] = [values(backend, scale), values(backend, shift)];
  const norm = normOf(x.shape, attrs);
  const { places, channels } = norm;
  const [factor, summand] = [new Float64Array(channels), new Float64Array(channels)];
  for (let first = 0; first < from.length; first += places * channels) {
    const { mean, inverse } = statistics(from, first, norm);
    for (let c = 0; c < channels; c++) {
      factor[c] = inverse[c]! * factors[c]!;
      summand[c] = summands[c]! - mean[c]! * factor[c]!;
    }
    for (let p = 0, at = first; p < places; p++) {
      for (let c = 0; c < channels; c++, at++) to[at] = from[at]! * factor[c]! + summand[c]!;
    }
  }
  return [y];
};

/**
 * Inputs x, scale and dy; outputs dx, dscale and dshift.
 *
 * With n the normalised image and g = dy · scale: dx = (g - mean(g) - n · mean(g · n)) / deviation, means over a group.
 */
export const groupNormGrad: FusedKernel = ({ inputs, attrs, backend }) => {
  const [x, scale, dy] = [inputs[0]!, inputs[1]!, inputs[2]!];
  const [dx, dscale, dshift] = [x, scale, scale].map(({ shape }) => backend.makeOutput(shape, "float32")) as [
    typeof x,
    typeof x,
    typeof x,
  ];
  const [from, cotangent, to] = [values(backend, x), values(backend, dy), values(backend, dx)];
  const factors = values(backend, scale);
  const norm = normOf(x.shape, attrs);
  const { places, channels, groups } = norm;
  const [scales, shifts] = [new Float64Array(channels), new Float64Array(channels)];
  for (let first = 0; first < from.length; first += places * channels) {
    const { mean, inverse } = statistics(from, first, norm);
    const [aligned, sums] = [new Float64Array(channels), new Float64Array(channels)];
    const end = first + places * channels;
    addProducts(cotangent.subarray(first, end), from.subarray(first, end), mean, aligned);
    addRows(cotangent.subarray(first, end), sums);
    const [slope, offset] = [new Float64Array(channels), new Float64Array(channels)];
    for (let c = 0; c < channels; c++) {
      aligned[c]! *= inverse[c]!;
      scales[c]! += aligned[c]!;
      shifts[c]! += sums[c]!;
      slope[c] = aligned[c]! * factors[c]! / places;
      offset[c] = sums[c]! * factors[c]! / places;
    }
    shareInGroups(slope, groups);
    shareInGroups(offset, groups);
    // dx = dy · factor - x · slope + offset
    const factor = sums;
    for (let c = 0; c < channels; c++) {
      factor[c] = inverse[c]! * factors[c]!;
      slope[c]! *= inverse[c]! ** 2;
      offset[c] = slope[c]! * mean[c]! - offset[c]! * inverse[c]!;
    }
    for (let p = 0, at = first; p < places; p++) {
      for (let c = 0; c < channels; c++, at++) {
        to[at] = cotangent[at]! * factor[c]! - from[at]! * slope[c]! + offset[c]!;
      }
    }
  }
  values(backend, dscale).set(scales);
  values(backend, dshift).set(shifts);
  return [dx, dscale, dshift];
};

function normOf(shape: readonly number[], attrs: { groups: number; epsilon: number }): Norm {
  const [, height, width, channels] = shape as [number, number, number, number];
  return { places: height * width, channels, groups: attrs.groups, epsilon: attrs.epsilon };
}

/** An image's mean and 1 / deviation, by channel. */
function statistics(
  from: Float32Array,
  first: number,
  { places, channels, groups, epsilon }: Norm,
): { mean: Float64Array; inverse: Float64Array } {
  const [mean, inverse] = [new Float64Array(channels), new Float64Array(channels)];
  const image = from.subarray(first, first + places * channels);
  addRows(image, mean);
  for (let c = 0; c < channels; c++) mean[c]! /= places;
  shareInGroups(mean, groups);
  addSquares(image, mean, inverse);
  for (let c = 0; c < channels; c++) inverse[c]! /= places;
  shareInGroups(inverse, groups);
  for (let c = 0; c < channels; c++) inverse[c] = 1 / Math.sqrt(inverse[c]! + epsilon);
  return { mean, inverse };
}

/** Replaces each channel's value by the mean over its group. */
function shareInGroups(values: Float64Array, groups: number): void {
  const size = values.length / groups;
  for (let first = 0; first < values.length; first += size) {
    let sum = 0;
    for (let c = first; c < first + size; c++) sum += values[c]!;
    for (let c = first; c < first + size; c++) values[c] = sum / size;
  }
}
