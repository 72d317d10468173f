/**
 * The gradient of average-pooling; the engine's own divides by the window's size where part of it is padding.
 *
 * @module
 */
import { type KernelCall, type TensorInfo, values } from "./heap.ts";
import { pooling, visitWindows } from "./windows.ts";

/** The kernel: each window's dy is shared out evenly among the values that it averaged, padding left out. */
export function avgPoolGrad({ inputs, attrs, backend }: KernelCall): TensorInfo {
  const dy = inputs["dy"]!;
  const info = pooling(attrs, inputs["input"]!.shape);
  const dx = backend.makeOutput(info.inShape, "float32");
  const gradient = values(backend, dy);
  const out = values(backend, dx).fill(0);
  const { inWidth, inChannels } = info;
  visitWindows(info, (window, firstPixel, rows, columns) => {
    const share = 1 / (rows * columns);
    for (let row = 0; row < rows; row++) {
      let at = (firstPixel + row * inWidth) * inChannels;
      for (let column = 0; column < columns; column++) {
        for (let channel = 0; channel < inChannels; channel++) {
          out[at++]! += gradient[window * inChannels + channel]! * share;
        }
      }
    }
  });
  return dx;
}
