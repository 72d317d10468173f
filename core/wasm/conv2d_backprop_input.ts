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
import { transposeMatrix } from "./transpose.ts";

const transpose = stockKernel("Transpose");
const conv2D = stockKernel("Conv2D");

/** The kernel: each filter position (i, j) adds dy · filter[i, j]ᵀ to the pixels that it met. */
export function conv2DBackpropInput({ inputs, attrs, backend }: KernelCall): TensorInfo {
  const dy = inputs["dy"]!;
  const filter = inputs["filter"]!;
  const inShape = attrs.inputShape as [number, number, number, number];
  const c = convolution(attrs, inShape, filter.shape, false);
  const pixels = c.batch * c.outHeight * c.outWidth;
  const { inChannels, outChannels, filterWidth } = c;
  const turned = asConvolution({ inputs, attrs, backend }, c);
  if (turned) return turned;
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

/** With stride 1 and no more padding than the filter covers, it is the convolution of dy with the filter turned around. */
function asConvolution({ inputs, backend }: KernelCall, c: Convolution): TensorInfo | undefined {
  const { filterHeight, filterWidth, inChannels, outChannels } = c;
  const top = filterHeight - 1 - c.top;
  const left = filterWidth - 1 - c.left;
  const bottom = c.inHeight - c.outHeight + c.top;
  const right = c.inWidth - c.outWidth + c.left;
  const padded = [top, bottom, left, right];
  if (c.strideHeight !== 1 || c.strideWidth !== 1 || isWhole(c) || padded.some((size) => size < 0)) return undefined;
  const shape = [filterHeight, filterWidth, outChannels, inChannels];
  const filter = backend.makeOutput(shape, "float32");
  const [from, to] = [values(backend, inputs["filter"]!), values(backend, filter)];
  const size = inChannels * outChannels;
  const positions = filterHeight * filterWidth;
  for (let position = 0; position < positions; position++) {
    const [first, mirrored] = [position * size, (positions - 1 - position) * size];
    transposeMatrix(
      from.subarray(first, first + size),
      to.subarray(mirrored, mirrored + size),
      inChannels,
      outChannels,
    );
  }
  const dx = conv2D({
    inputs: { x: inputs["dy"]!, filter },
    attrs: {
      strides: [1, 1],
      dilations: [1, 1],
      dataFormat: "NHWC",
      pad: [[0, 0], [top, bottom], [left, right], [0, 0]],
    },
    backend,
  });
  backend.disposeData(filter.dataId);
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
