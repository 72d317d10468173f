/**
 * Swapping rows and columns, which the engine does entry by entry through indices.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type KernelCall, stockKernel, type TensorInfo, values } from "./heap.ts";

const stock = stockKernel("Transpose");

/** The kernel: float32 matrices one by one where the last two axes are swapped; other orders go to the engine. */
export function transpose(call: KernelCall): TensorInfo {
  const { inputs, attrs, backend } = call;
  const x = inputs["x"]!;
  const order = attrs.perm as readonly number[];
  const last = x.shape.length - 1;
  const swapped = last >= 1 && order.every((axis, i) => axis === (i === last ? last - 1 : i === last - 1 ? last : i));
  if (!swapped || x.dtype !== "float32") return stock(call);
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const out = backend.makeOutput([...x.shape.slice(0, -2), columns, rows], "float32");
  const [from, to] = [values(backend, x), values(backend, out)];
  const size = rows * columns;
  const matrices = tf.util.sizeFromShape(x.shape.slice(0, -2));
  for (let i = 0; i < matrices; i++) {
    transposeMatrix(from.subarray(i * size, (i + 1) * size), to.subarray(i * size, (i + 1) * size), rows, columns);
  }
  return out;
}

/** Writes the columns of `from`, `[rows, columns]`, as rows of `to`. */
export function transposeMatrix(from: Float32Array, to: Float32Array, rows: number, columns: number): void {
  // Eight rows at a time, so that what is written side by side fills a line of the cache.
  let row = 0;
  for (; row + 8 <= rows; row += 8) {
    let a = row * columns;
    for (let column = 0, at = row; column < columns; column++, at += rows, a++) {
      let b = a;
      to[at] = from[b]!;
      to[at + 1] = from[b += columns]!;
      to[at + 2] = from[b += columns]!;
      to[at + 3] = from[b += columns]!;
      to[at + 4] = from[b += columns]!;
      to[at + 5] = from[b += columns]!;
      to[at + 6] = from[b += columns]!;
      to[at + 7] = from[b += columns]!;
    }
  }
  for (; row < rows; row++) {
    for (let column = 0; column < columns; column++) to[column * rows + row] = from[row * columns + column]!;
  }
}
