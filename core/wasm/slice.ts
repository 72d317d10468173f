/**
 * Rows of a matrix, which the engine copies as a whole before it takes a part.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type KernelCall, stockKernel, type TensorInfo, values } from "./heap.ts";

const stock = stockKernel("Slice");

/** The kernel: whole rows of a float32 matrix; other parts go to the engine. */
export function slice(call: KernelCall): TensorInfo {
  const { inputs, attrs, backend } = call;
  const x = inputs["x"]!;
  if (x.dtype !== "float32" || x.shape.length !== 2) return stock(call);
  const [begin, size] = tf.slice_util.parseSliceParams(x as unknown as tf.Tensor, attrs.begin, attrs.size) as [
    number[],
    number[],
  ];
  const width = x.shape[1]!;
  if (size[1] !== width || begin[0]! < 0 || begin[0]! + size[0]! > x.shape[0]!) return stock(call);
  const out = backend.makeOutput(size, "float32");
  const from = begin[0]! * width;
  // Views come last: making the output may move the heap.
  values(backend, out).set(values(backend, x).subarray(from, from + size[0]! * width));
  return out;
}
