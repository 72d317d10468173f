/**
 * The gradient of max-pooling; the engine's own loses it in windows without a positive value.
 *
 * @module
 */
import { type KernelCall, type TensorInfo, values } from "./heap.ts";
import { pooling, visitWindows } from "./windows.ts";

/** The kernel: each window's dy goes to the window's first largest value. */
export function maxPoolGrad({ inputs, attrs, backend }: KernelCall): TensorInfo {
  const { dy, input } = inputs as { dy: TensorInfo; input: TensorInfo };
  const info = pooling(attrs, input.shape);
  const dx = backend.makeOutput(info.inShape, "float32");
  const x = values(backend, input);
  const gradient = values(backend, dy);
  const out = values(backend, dx).fill(0);
  const { inWidth, inChannels } = info;
  visitWindows(info, (window, firstPixel, rows, columns) => {
    for (let channel = 0; channel < inChannels; channel++) {
      const first = firstPixel * inChannels + channel;
      let winner = first;
      for (let row = 0; row < rows; row++) {
        let at = first + row * inWidth * inChannels;
        for (let column = 0; column < columns; column++, at += inChannels) {
          if (x[at]! > x[winner]!) winner = at;
        }
      }
      out[winner]! += gradient[window * inChannels + channel]!;
    }
  });
  return dx;
}
