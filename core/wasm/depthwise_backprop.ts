/**
 * The gradients of a depthwise convolution; the engine has none.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type KernelCall, type TensorInfo, values } from "./heap.ts";
import { type Convolution, convolution, visitRuns } from "./patches.ts";

/** The kernel: dfilter[i, j, c, m] = Σ x[pixel that (i, j) meets, c] · dy[pixel, c · multiplier + m]. */
export function depthwiseBackpropFilter({ inputs, attrs, backend }: KernelCall): TensorInfo {
  const x = inputs["x"]!;
  const filterShape = attrs.filterShape as number[];
  const c = convolution(attrs, x.shape, filterShape, true);
  const out = backend.makeOutput(filterShape, "float32");
  const pixels = values(backend, x);
  const dy = values(backend, inputs["dy"]!);
  const gradient = values(backend, out).fill(0);
  visitProducts(c, (inAt, outAt, filterAt) => gradient[filterAt]! += pixels[inAt]! * dy[outAt]!);
  return out;
}

/** The kernel: each filter position adds dy · filter to the pixels that it met, channel by channel. */
export function depthwiseBackpropInput({ inputs, attrs, backend }: KernelCall): TensorInfo {
  const filter = inputs["filter"]!;
  const inShape = attrs.inputShape as number[];
  const c = convolution(attrs, inShape, filter.shape, true);
  const out = backend.makeOutput(inShape, "float32");
  const weights = values(backend, filter);
  const dy = values(backend, inputs["dy"]!);
  const gradient = values(backend, out).fill(0);
  visitProducts(c, (inAt, outAt, filterAt) => gradient[inAt]! += weights[filterAt]! * dy[outAt]!);
  return out;
}

/** Visits every product of the convolution by its places in the input, the output and the filter. */
function visitProducts(c: Convolution, visit: (inAt: number, outAt: number, filterAt: number) => void): void {
  const { inChannels, outChannels, strideWidth } = c;
  const multiplier = outChannels / inChannels;
  tf.util.assert(Number.isInteger(multiplier), () => `Cannot group ${outChannels} channels by ${inChannels}`);
  for (let position = 0; position < c.filterHeight * c.filterWidth; position++) {
    visitRuns(c, Math.floor(position / c.filterWidth), position % c.filterWidth, (outPixel, inPixel, length) => {
      for (let n = 0; n < length; n++) {
        const inAt = (inPixel + n * strideWidth) * inChannels;
        const outAt = (outPixel + n) * outChannels;
        for (let channel = 0; channel < outChannels; channel++) {
          visit(inAt + Math.floor(channel / multiplier), outAt + channel, position * outChannels + channel);
        }
      }
    });
  }
}
