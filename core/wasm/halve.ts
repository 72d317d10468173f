/**
 * The rectified maximum over 2 by 2 places, and the gradient of the maximum.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { address, type FusedKernel, integers, stockKernel, type TensorInfo, values, type WasmBackend } from "./heap.ts";

const maxPool = stockKernel("MaxPool");
const relu = stockKernel("Relu");

/** Input images; output the largest of each four, or 0 if none is above. What is not a number counts as the largest. */
export const halveRelu: FusedKernel = ({ inputs, backend }) => {
  const x = inputs[0]!;
  // The engine leaves out what is not a number.
  if (!isFinite(values(backend, x))) return [carefully(backend, x)];
  const most = maxPool({ inputs: { x }, attrs: { filterSize: 2, strides: 2, pad: "valid" }, backend });
  const y = relu({ inputs: { x: most }, attrs: {}, backend });
  backend.disposeData(most.dataId);
  return [y];
};

/** Whether all values are finite. */
function isFinite(from: Float32Array): boolean {
  let [a, b] = [0, 0];
  // 0 · NaN is NaN, and so is 0 · ∞.
  for (let i = 1; i < from.length; i += 2) {
    a += from[i - 1]! * 0;
    b += from[i]! * 0;
  }
  return a + b + (from.at(-1) ?? 0) * 0 === 0;
}

function carefully(backend: WasmBackend, x: TensorInfo): TensorInfo {
  const [examples, height, width, channels] = x.shape as [number, number, number, number];
  const y = backend.makeOutput([examples, height >> 1, width >> 1, channels], "float32");
  const [from, to] = [values(backend, x), values(backend, y)];
  const next = width * channels;
  visitFours(x.shape, (place, at) => {
    for (const end = place + channels; place < end; place++, at++) {
      // Math.max gives what is not a number.
      const fours = [from[place]!, from[place + channels]!, from[place + next]!, from[place + next + channels]!];
      to[at] = Math.max(0, ...fours);
    }
  });
  return y;
}

/** Inputs images and the cotangents of their halves; output the cotangent at the first largest of each four, else 0. */
export const halveGrad: FusedKernel = ({ inputs, backend }) => {
  const [x, dy] = [inputs[0]!, inputs[1]!];
  const [, , width, channels] = x.shape as [number, number, number, number];
  const dx = backend.makeOutput(x.shape, "float32");
  values(backend, dx).fill(0);
  const [from, cotangent, to] = [bits(backend, x), bits(backend, dy), bits(backend, dx)];
  const next = width * channels;
  // Which is largest no processor can foresee, so everything is done with masks, 0 or all ones, instead of choices.
  visitFours(x.shape, (place, at) => {
    for (const end = place + channels; place < end; place++, at++) {
      const [b, c, d] = [place + channels, place + next, place + next + channels];
      const [upperLeft, upperRight] = [ordered(from[place]!), ordered(from[b]!)];
      const [lowerLeft, lowerRight] = [ordered(from[c]!), ordered(from[d]!)];
      const right = less(upperLeft, upperRight);
      const upper = upperLeft ^ ((upperLeft ^ upperRight) & right);
      const lowerIsRight = less(lowerLeft, lowerRight);
      const lower = lowerLeft ^ ((lowerLeft ^ lowerRight) & lowerIsRight);
      const below = less(upper, lower);
      const change = cotangent[at]!;
      to[place] = change & ~right & ~below;
      to[b] = change & right & ~below;
      to[c] = change & ~lowerIsRight & below;
      to[d] = change & lowerIsRight & below;
    }
  });
  return [dx];
};

function bits(backend: WasmBackend, tensor: TensorInfo): Int32Array {
  return integers(backend, address(backend, tensor), tf.util.sizeFromShape(tensor.shape));
}

/** Turns the bits of a float32 number into an integer, so that integers have the order of the numbers; both zeros are 0. */
function ordered(bits: number): number {
  const mirrored = bits ^ ((bits >> 31) & 0x7fffffff);
  return mirrored - (mirrored >> 31);
}

/** All ones if a < b, else 0. */
function less(a: number, b: number): number {
  return ((a & ~b) | ((a - b) & ~(a ^ b))) >> 31;
}

/** Visits each four with where its first place begins in the images, and where it begins in their halves. */
function visitFours(shape: readonly number[], visit: (place: number, at: number) => void): void {
  const [examples, height, width, channels] = shape as [number, number, number, number];
  let at = 0;
  for (let image = 0; image < examples; image++) {
    for (let i = 0; i + 1 < height; i += 2) {
      for (let j = 0; j + 1 < width; j += 2, at += channels) {
        visit(((image * height + i) * width + j) * channels, at);
      }
    }
  }
}
