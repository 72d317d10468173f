/**
 * The gradient of a convolution with respect to its filter; the engine has none.
 *
 * @module
 */
import { address, floats, type KernelCall, multiply, type TensorInfo, values, withScratch } from "./heap.ts";
import { convolution, copyMet } from "./patches.ts";

/** About how many output pixels go into one product: sums over more are made of sums over so many. */
const stage = 512;

/** The kernel: dfilter = what the filter meets · dy, over all images and places, some rows of pixels at a time. */
export function conv2DBackpropFilter({ inputs, attrs, backend }: KernelCall): TensorInfo {
  const x = inputs["x"]!;
  const dy = inputs["dy"]!;
  const filterShape = attrs.filterShape as [number, number, number, number];
  const c = convolution(attrs, x.shape, filterShape, false);
  const { outWidth, outChannels } = c;
  const places = c.filterHeight * c.filterWidth * c.inChannels;
  const rows = c.batch * c.outHeight;
  const most = Math.min(rows, Math.ceil(stage / outWidth));
  const out = backend.makeOutput(filterShape, "float32");
  const sums = new Float64Array(places * outChannels);
  withScratch(backend, places * most * outWidth + sums.length, (part) => {
    const met = part + sums.length * 4;
    for (let first = 0; first < rows; first += most) {
      // Multiplying may move the heap, so the views are made anew.
      const count = Math.min(most, rows - first);
      const pixels = count * outWidth;
      copyMet(c, values(backend, x), first, count, floats(backend, met, places * pixels));
      const ofRows = address(backend, dy) + first * outWidth * outChannels * 4;
      multiply(backend, [met, ofRows, part], [places, pixels, outChannels]);
      const more = floats(backend, part, sums.length);
      for (let i = 0; i < more.length; i++) sums[i]! += more[i]!;
    }
  });
  values(backend, out).set(sums);
  return out;
}
