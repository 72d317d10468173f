import { place, within } from "./_draws.ts";
import type { AffinePlan, Plan, WindowPlan } from "./_plan.ts";

/** Where output pixel (x, y) is read: column a·x + b·y + c and row d·x + e·y + f of the image. */
export interface PixelMap {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly e: number;
  readonly f: number;
}

/** A window, in pixels; its edges need not lie between two. */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The map of an example, or undefined if it stays as it is. */
export function pixelMap(plan: Plan, draws: Float32Array, at: number, width: number, height: number) {
  const flipped = draws[at + place.flip]! < plan.flip;
  if (!plan.crop && !plan.affine && !flipped) return undefined;
  const window = plan.crop
    ? drawWindow(plan.crop, draws, at + place.crop, width, height)
    : { left: 0, top: 0, width, height };
  const across = (flipped ? -1 : 1) * window.width / width;
  const down = window.height / height;
  // Pixel 0 has its middle at 1/2.
  const left = window.left + (flipped ? window.width : 0) + across / 2;
  const top = window.top + down / 2;
  if (!plan.affine) return { a: across, b: 0, c: left - 0.5, d: 0, e: down, f: top - 0.5 };
  const { a, b, c, d, e, f } = inverseAffine(plan.affine, draws, at + place.affine, width, height);
  return {
    a: a * across,
    b: b * down,
    c: a * left + b * top + c - 0.5,
    d: d * across,
    e: e * down,
    f: d * left + e * top + f - 0.5,
  };
}

/**
 * Draws a window by four numbers. Its ratio is drawn among those of the range with which it fits into the image; where
 * none does, it is the nearest that does.
 */
export function drawWindow(
  { scale, ratio }: WindowPlan,
  draws: Float32Array,
  at: number,
  width: number,
  height: number,
): Window {
  const area = within(scale, draws[at]!) * width * height;
  const narrowest = area / (height * height);
  const widest = width * width / area;
  const low = Math.log(Math.min(Math.max(ratio[0], narrowest), widest));
  const high = Math.log(Math.max(Math.min(ratio[1], widest), narrowest));
  const drawn = Math.exp(within([low, high], draws[at + 1]!));
  const wide = Math.min(Math.sqrt(area * drawn), width);
  const tall = Math.min(Math.sqrt(area / drawn), height);
  return { left: (width - wide) * draws[at + 2]!, top: (height - tall) * draws[at + 3]!, width: wide, height: tall };
}

/** From a place in the result to that in the image: the inverse of shearing, scaling, turning and moving in turn. */
function inverseAffine(plan: AffinePlan, draws: Float32Array, at: number, width: number, height: number): PixelMap {
  const turn = within(plan.rotation, draws[at]!) * Math.PI / 180;
  const lean = Math.tan(within(plan.shear, draws[at + 1]!) * Math.PI / 180);
  const right = (2 * draws[at + 2]! - 1) * plan.translation * width;
  const down = (2 * draws[at + 3]! - 1) * plan.translation * height;
  const factor = within(plan.scale, draws[at + 4]!);
  const cos = Math.cos(turn) / factor;
  const sin = Math.sin(turn) / factor;
  const [a, b, d, e] = [cos - lean * sin, sin + lean * cos, -sin, cos];
  const [x, y] = [width / 2 + right, height / 2 + down];
  return { a, b, c: width / 2 - a * x - b * y, d, e, f: height / 2 - d * x - e * y };
}
