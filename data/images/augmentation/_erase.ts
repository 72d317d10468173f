import type { Window } from "./_geometry.ts";
import type { Shape } from "./_sample.ts";

/** Fills a window of an image in place; its edges are rounded to whole pixels. */
export function erase(image: Float32Array, { width, channels }: Shape, window: Window, fill: Float32Array): void {
  const left = Math.round(window.left);
  const right = Math.round(window.left + window.width);
  const bottom = Math.round(window.top + window.height);
  for (let y = Math.round(window.top); y < bottom; y++) {
    for (let at = (y * width + left) * channels, end = (y * width + right) * channels; at < end;) {
      for (let channel = 0; channel < channels; channel++) image[at++] = fill[channel]!;
    }
  }
}
