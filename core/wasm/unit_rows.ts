/**
 * Rows at length 1, and the gradient of that.
 *
 * @module
 */
import { type FusedKernel, values } from "./heap.ts";

/** Input [rows, width]; outputs the rows at length 1, zeros for those no longer than epsilon, and 1 / length or 0. */
export const unitRows: FusedKernel = ({ inputs, attrs, backend }) => {
  const x = inputs[0]!;
  const { epsilon } = attrs as { epsilon: number };
  const [rows, width] = x.shape as [number, number];
  const [unit, inverse] = [backend.makeOutput(x.shape, "float32"), backend.makeOutput([rows, 1], "float32")];
  const [from, to, factors] = [values(backend, x), values(backend, unit), values(backend, inverse)];
  for (let i = 0; i < rows; i++) {
    const [first, end] = [i * width, (i + 1) * width];
    let squares = 0;
    for (let j = first; j < end; j++) squares += from[j]! * from[j]!;
    const length = Math.fround(Math.sqrt(squares));
    // A length that is no number goes on as such.
    const factor = length <= epsilon ? 0 : 1 / length;
    factors[i] = factor;
    for (let j = first; j < end; j++) to[j] = from[j]! * factor;
  }
  return [unit, inverse];
};

/** Inputs dy and what the kernel gave; output (dy - unit · (dy · unit)) / length. */
export const unitRowsGrad: FusedKernel = ({ inputs, backend }) => {
  const [dy, unit, inverse] = [inputs[0]!, inputs[1]!, inputs[2]!];
  const [rows, width] = dy.shape as [number, number];
  const dx = backend.makeOutput(dy.shape, "float32");
  const [cotangent, own, factors, to] = [dy, unit, inverse, dx].map((tensor) => values(backend, tensor)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (let i = 0; i < rows; i++) {
    const [first, end] = [i * width, (i + 1) * width];
    let along = 0;
    for (let j = first; j < end; j++) along += cotangent[j]! * own[j]!;
    for (let j = first; j < end; j++) to[j] = (cotangent[j]! - along * own[j]!) * factors[i]!;
  }
  return [dx];
};
