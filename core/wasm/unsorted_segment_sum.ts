/**
 * Sums of rows by segment, the gradient of a lookup; the engine has none.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { address, floats, integers, type KernelCall, type TensorInfo } from "./heap.ts";

/**
 * The kernel: out[s, …] is the sum of x[i, …] over the i with segmentIds[i] = s.
 *
 * Rows with a negative id are left out, as on the other engines.
 */
export function unsortedSegmentSum({ inputs, attrs, backend }: KernelCall): TensorInfo {
  const { numSegments } = attrs as { numSegments: number };
  const x = inputs["x"]!;
  const segmentIds = inputs["segmentIds"]!;
  const count = tf.util.sizeFromShape(segmentIds.shape);
  const inner = x.shape.slice(1);
  const width = tf.util.sizeFromShape(inner);
  const largest = integers(backend, address(backend, segmentIds), count).reduce((a, b) => Math.max(a, b), -1);
  if (largest >= numSegments) {
    throw new RangeError(`Cannot sum segments: an id is ${largest}, expected less than ${numSegments}`);
  }
  const out = backend.makeOutput([numSegments, ...inner], x.dtype);
  const view = x.dtype === "int32" ? integers : floats;
  const from = view(backend, address(backend, x), count * width);
  const to = view(backend, address(backend, out), numSegments * width).fill(0);
  const ids = integers(backend, address(backend, segmentIds), count);
  for (let i = 0; i < count; i++) {
    const id = ids[i]!;
    if (id < 0) continue;
    const row = id * width;
    for (let j = 0, at = i * width; j < width; j++, at++) to[row + j]! += from[at]!;
  }
  return out;
}
