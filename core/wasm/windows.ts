/**
 * The windows of a pooling.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { KernelCall } from "./heap.ts";

/** The sizes of a pooling. */
export type Pooling = ReturnType<typeof tf.backend_util.computePool2DInfo>;

/** Reads the sizes from a kernel's attributes. */
export function pooling(attrs: KernelCall["attrs"], shape: readonly number[]): Pooling {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const inShape = shape as [number, number, number, number];
  return tf.backend_util.computePool2DInfo(inShape, filterSize, strides, 1, pad, dimRoundingMode);
}

/**
 * Calls `visit` for each window with its number, its first pixel, and its rows and columns.
 *
 * A window that reaches into the padding is cut off at the image's edge.
 */
export function visitWindows(
  info: Pooling,
  visit: (window: number, firstPixel: number, rows: number, columns: number) => void,
): void {
  const { batchSize, inHeight, inWidth, outHeight, outWidth, filterHeight, filterWidth, padInfo } = info;
  let window = 0;
  for (let image = 0; image < batchSize; image++) {
    for (let i = 0; i < outHeight; i++) {
      const top = i * info.strideHeight - padInfo.top;
      const firstRow = Math.max(top, 0);
      const rows = Math.min(top + filterHeight, inHeight) - firstRow;
      for (let j = 0; j < outWidth; j++, window++) {
        const left = j * info.strideWidth - padInfo.left;
        const firstColumn = Math.max(left, 0);
        const columns = Math.min(left + filterWidth, inWidth) - firstColumn;
        if (rows > 0 && columns > 0) {
          visit(window, (image * inHeight + firstRow) * inWidth + firstColumn, rows, columns);
        }
      }
    }
  }
}
