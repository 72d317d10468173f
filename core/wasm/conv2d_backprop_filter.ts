/**
 * The gradient of a convolution with respect to its filter; the engine has none.
 *
 * @module
 */
import { address, floats, type KernelCall, multiply, stockKernel, type TensorInfo, withScratch } from "./heap.ts";
import { type Convolution, convolution, isWhole, visitRuns } from "./patches.ts";

const transpose = stockKernel("Transpose");

/** The kernel: for each filter position (i, j), dfilter[i, j] = pixels(i, j)ᵀ · dy, over all images and places. */
export function conv2DBackpropFilter({ inputs, attrs, backend }: KernelCall): TensorInfo {
  const x = inputs["x"]!;
  const dy = inputs["dy"]!;
  const filterShape = attrs.filterShape as [number, number, number, number];
  const c = convolution(attrs, x.shape, filterShape, false);
  const pixels = c.batch * c.outHeight * c.outWidth;
  const { inChannels, outChannels, filterWidth } = c;
  const positions = c.filterHeight * filterWidth;
  // The product is computed transposed, dyᵀ · pixels, because pixels are copied far faster in rows than in columns.
  const flipped = transpose({
    inputs: { x: { ...dy, shape: [pixels, outChannels] } },
    attrs: { perm: [1, 0] },
    backend,
  });
  const products = backend.makeOutput([positions, outChannels, inChannels], "float32");
  const into = (position: number, met: number): void => {
    const at = address(backend, products) + position * outChannels * inChannels * 4;
    multiply(backend, [address(backend, flipped), met, at], [outChannels, pixels, inChannels]);
  };
  if (isWhole(c)) into(0, address(backend, x));
  else {
    withScratch(backend, pixels * inChannels, (scratch) => {
      for (let position = 0; position < positions; position++) {
        // Multiplying may move the heap, so the views are made anew.
        const from = floats(backend, address(backend, x), c.batch * c.inHeight * c.inWidth * inChannels);
        const to = floats(backend, scratch, pixels * inChannels);
        copyPixels(c, Math.floor(position / filterWidth), position % filterWidth, from, to);
        into(position, scratch);
      }
    });
  }
  const out = transpose({ inputs: { x: products }, attrs: { perm: [0, 2, 1] }, backend });
  for (const { dataId } of [flipped, products]) backend.disposeData(dataId);
  return { ...out, shape: [...filterShape] };
}

/** Copies the pixels that filter position (i, j) meets, zeros where it meets padding. */
function copyPixels(c: Convolution, i: number, j: number, from: Float32Array, to: Float32Array): void {
  const { inChannels, strideWidth } = c;
  to.fill(0);
  visitRuns(c, i, j, (outPixel, inPixel, length) => {
    let target = outPixel * inChannels;
    if (strideWidth === 1) {
      to.set(from.subarray(inPixel * inChannels, (inPixel + length) * inChannels), target);
      return;
    }
    for (let n = 0; n < length; n++) {
      const source = (inPixel + n * strideWidth) * inChannels;
      for (let channel = 0; channel < inChannels; channel++) to[target++] = from[source + channel]!;
    }
  });
}
