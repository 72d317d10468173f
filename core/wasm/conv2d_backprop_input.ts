/**
 * The gradient of a convolution with respect to its input, by fast matrix products; the engine's own is a plain loop.
 *
 * @module
 */
import {
  address,
  floats,
  type KernelCall,
  multiply,
  stockKernel,
  type TensorInfo,
  values,
  withScratch,
} from "./heap.ts";
import { type Convolution, convolution, isWhole, visitRuns } from "./patches.ts";

const transpose = stockKernel("Transpose");

/** The kernel: each filter position (i, j) adds dy · filter[i, j]ᵀ to the pixels that it met. */
export function conv2DBackpropInput({ inputs, attrs, backend }: KernelCall): TensorInfo {
  const dy = inputs["dy"]!;
  const filter = inputs["filter"]!;
  const inShape = attrs.inputShape as [number, number, number, number];
  const c = convolution(attrs, inShape, filter.shape, false);
  const pixels = c.batch * c.outHeight * c.outWidth;
  const { inChannels, outChannels, filterWidth } = c;
  const positions = c.filterHeight * filterWidth;
  const flipped = transpose({
    inputs: { x: { ...filter, shape: [positions, inChannels, outChannels] } },
    attrs: { perm: [0, 2, 1] },
    backend,
  });
  const dx = backend.makeOutput(inShape, "float32");
  const from = (position: number, to: number): void => {
    const at = address(backend, flipped) + position * inChannels * outChannels * 4;
    multiply(backend, [address(backend, dy), at, to], [pixels, outChannels, inChannels]);
  };
  if (isWhole(c)) from(0, address(backend, dx));
  else {
    values(backend, dx).fill(0);
    withScratch(backend, pixels * inChannels, (scratch) => {
      for (let position = 0; position < positions; position++) {
        from(position, scratch);
        // Multiplying may move the heap, so the views are made anew.
        const met = floats(backend, scratch, pixels * inChannels);
        addPixels(c, Math.floor(position / filterWidth), position % filterWidth, met, values(backend, dx));
      }
    });
  }
  backend.disposeData(flipped.dataId);
  return dx;
}

/** Adds what filter position (i, j) gives to the pixels that it met. */
function addPixels(c: Convolution, i: number, j: number, from: Float32Array, to: Float32Array): void {
  const { inChannels, strideWidth } = c;
  visitRuns(c, i, j, (outPixel, inPixel, length) => {
    let source = outPixel * inChannels;
    for (let n = 0; n < length; n++) {
      const target = (inPixel + n * strideWidth) * inChannels;
      for (let channel = 0; channel < inChannels; channel++) to[target + channel]! += from[source++]!;
    }
  });
}
