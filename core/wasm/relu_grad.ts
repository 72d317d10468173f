/**
 * The gradient of the rectifier.
 *
 * @module
 */
import { type FusedKernel, values } from "./heap.ts";

/** Inputs the image's cotangent and x; output dy where x is positive, else dy · 0. */
export const reluGrad: FusedKernel = ({ inputs, backend }) => {
  const [dy, x] = [inputs[0]!, inputs[1]!];
  const dx = backend.makeOutput(dy.shape, "float32");
  const [cotangent, from, to] = [values(backend, dy), values(backend, x), values(backend, dx)];
  // A product takes a fifth of the time of a choice, which the processor cannot foresee.
  for (let i = 0; i < to.length; i++) to[i] = cotangent[i]! * +(from[i]! > 0);
  return [dx];
};
