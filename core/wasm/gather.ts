/**
 * Rows by their numbers, which the engine copies entry by entry.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { address, integers, type KernelCall, stockKernel, type TensorInfo, values } from "./heap.ts";

const stock = stockKernel("GatherV2");

/** The kernel: rows of a float32 tensor by int32 numbers; anything else goes to the engine. */
export function gather(call: KernelCall): TensorInfo {
  const { inputs, attrs, backend } = call;
  const [x, indices] = [inputs["x"]!, inputs["indices"]!];
  const { axis, batchDims } = attrs as { axis: number; batchDims: number };
  if (axis !== 0 || batchDims !== 0 || x.dtype !== "float32" || indices.dtype !== "int32") return stock(call);
  const count = tf.util.sizeFromShape(indices.shape);
  const [rows, ...rest] = x.shape as [number, ...number[]];
  if (integers(backend, address(backend, indices), count).some((id) => id < 0 || id >= rows)) return stock(call);
  const width = tf.util.sizeFromShape(rest);
  const out = backend.makeOutput([...indices.shape, ...rest], "float32");
  const ids = integers(backend, address(backend, indices), count);
  const [from, to] = [values(backend, x), values(backend, out)];
  for (let i = 0; i < count; i++) {
    const first = ids[i]! * width;
    to.set(from.subarray(first, first + width), i * width);
  }
  return out;
}
