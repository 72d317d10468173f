/**
 * Convolution as matrix products: for each position of the filter, the pixels that it meets form one matrix; or all
 * that one place of the filter meets forms one row.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { KernelCall } from "./heap.ts";

/** The sizes of a convolution with channels last and no dilation. */
export interface Convolution {
  readonly batch: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly inChannels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outChannels: number;
  readonly filterHeight: number;
  readonly filterWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly top: number;
  readonly left: number;
}

/** Reads the sizes from a kernel's attributes. */
export function convolution(
  attrs: KernelCall["attrs"],
  inShape: readonly number[],
  filterShape: readonly number[],
  depthwise: boolean,
): Convolution {
  const { strides, dilations, pad, dimRoundingMode, dataFormat } = attrs;
  const dilated = [dilations ?? 1].flat().some((dilation) => dilation !== 1);
  if (dilated || (dataFormat !== undefined && dataFormat !== "NHWC")) {
    throw new RangeError(
      `Cannot differentiate the convolution: dilations are ${dilations}, data format is ${dataFormat}; ` +
        "expected 1 and NHWC on the wasm engine",
    );
  }
  const shape = inShape as [number, number, number, number];
  const filter = filterShape as [number, number, number, number];
  const info = tf.backend_util.computeConv2DInfo(shape, filter, strides, 1, pad, dimRoundingMode, depthwise);
  const { batchSize, padInfo } = info;
  return { ...info, batch: batchSize, top: padInfo.top, left: padInfo.left };
}

/** The output indices first ≤ i < last whose input i · stride + offset lies in [0, length). */
export function inside(outLength: number, stride: number, offset: number, length: number): [number, number] {
  const first = Math.max(0, Math.ceil(-offset / stride));
  return [first, Math.max(first, Math.min(outLength, Math.ceil((length - offset) / stride)))];
}

/** Whether the pixels that a filter position meets are the input as it stands. */
export function isWhole(c: Convolution): boolean {
  return c.filterHeight * c.filterWidth * c.strideHeight * c.strideWidth === 1 && c.top === 0 && c.left === 0 &&
    c.inHeight === c.outHeight && c.inWidth === c.outWidth;
}

/** Calls `visit` with the places, in pixels, of each run of output pixels and of the input pixels that they meet. */
export function visitRuns(
  c: Convolution,
  i: number,
  j: number,
  visit: (outPixel: number, inPixel: number, length: number) => void,
): void {
  const [firstRow, lastRow] = inside(c.outHeight, c.strideHeight, i - c.top, c.inHeight);
  const [firstColumn, lastColumn] = inside(c.outWidth, c.strideWidth, j - c.left, c.inWidth);
  if (firstColumn === lastColumn) return;
  const inColumn = firstColumn * c.strideWidth + j - c.left;
  for (let image = 0; image < c.batch; image++) {
    for (let row = firstRow; row < lastRow; row++) {
      const inRow = row * c.strideHeight + i - c.top;
      const outPixel = (image * c.outHeight + row) * c.outWidth + firstColumn;
      visit(outPixel, (image * c.inHeight + inRow) * c.inWidth + inColumn, lastColumn - firstColumn);
    }
  }
}

/**
 * Writes what each place of the filter meets, `[filterHeight · filterWidth · inChannels, pixels]`, for the output pixels
 * of some rows, counted over all images; zeros where it meets padding.
 */
export function copyMet(c: Convolution, from: Float32Array, firstRow: number, rows: number, to: Float32Array): void {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, filterWidth } = c;
  const pixels = rows * outWidth;
  const step = c.strideWidth * inChannels;
  to.fill(0);
  for (let position = 0; position < c.filterHeight * filterWidth; position++) {
    const j = position % filterWidth;
    const i = (position - j) / filterWidth;
    const [first, last] = inside(outWidth, c.strideWidth, j - c.left, inWidth);
    const left = (first * c.strideWidth + j - c.left) * inChannels;
    for (let row = 0; row < rows; row++) {
      const inImage = (firstRow + row) % outHeight;
      const inRow = inImage * c.strideHeight + i - c.top;
      if (inRow < 0 || inRow >= inHeight) continue;
      const image = (firstRow + row - inImage) / outHeight;
      const start = (image * inHeight + inRow) * inWidth * inChannels + left;
      for (let channel = 0; channel < inChannels; channel++) {
        const target = (position * inChannels + channel) * pixels + row * outWidth;
        let source = start + channel;
        for (let n = first; n < last; n++, source += step) to[target + n] = from[source]!;
      }
    }
  }
}
