import { place, within } from "./_draws.ts";
import type { JitterPlan } from "./_plan.ts";

// What the eye sees of each color, by ITU-R BT.601.
const RED = 0.299;
const GREEN = 0.587;
const BLUE = 0.114;

const changes = [brighten, contrast, saturate, turnHue] as const;
/** What leaves all as it is. */
const neutral = [1, 1, 1, 0] as const;

/** Changes an image's colors in place, in the order that it drew. */
export function jitter(image: Float32Array, channels: number, plan: JitterPlan, draws: Float32Array, at: number): void {
  if (draws[at + place.jitter]! >= plan.probability) return;
  const left = [0, 1, 2, 3];
  let order = Math.floor(draws[at + place.jitter + 5]! * 24);
  while (left.length > 0) {
    const next = left.splice(order % left.length, 1)[0]!;
    order = Math.floor(order / (left.length + 1));
    const amount = within(plan.ranges[next]!, draws[at + place.jitter + 1 + next]!);
    if (amount !== neutral[next]) changes[next]!(image, channels, amount);
  }
}

/** Gives all three channels of each pixel its gray, in place. */
export function grayscale(image: Float32Array, channels: number): void {
  saturate(image, channels, 0);
}

function brighten(image: Float32Array, _channels: number, factor: number): void {
  for (let i = 0; i < image.length; i++) image[i] = clip(image[i]! * factor);
}

function contrast(image: Float32Array, channels: number, factor: number): void {
  const shift = (1 - factor) * meanGray(image, channels);
  for (let i = 0; i < image.length; i++) image[i] = clip(image[i]! * factor + shift);
}

function meanGray(image: Float32Array, channels: number): number {
  let sum = 0;
  if (channels === 1) {
    for (let i = 0; i < image.length; i++) sum += image[i]!;
    return sum / image.length;
  }
  for (let i = 0; i < image.length; i += 3) sum += RED * image[i]! + GREEN * image[i + 1]! + BLUE * image[i + 2]!;
  return sum / (image.length / 3);
}

function saturate(image: Float32Array, channels: number, factor: number): void {
  if (channels === 1) return;
  for (let i = 0; i < image.length; i += 3) {
    const shift = (1 - factor) * (RED * image[i]! + GREEN * image[i + 1]! + BLUE * image[i + 2]!);
    image[i] = clip(image[i]! * factor + shift);
    image[i + 1] = clip(image[i + 1]! * factor + shift);
    image[i + 2] = clip(image[i + 2]! * factor + shift);
  }
}

/** Turns the hue of each pixel in HSV, whose value and chroma stay. */
function turnHue(image: Float32Array, channels: number, turns: number): void {
  if (channels === 1) return;
  for (let i = 0; i < image.length; i += 3) {
    const red = image[i]!;
    const green = image[i + 1]!;
    const blue = image[i + 2]!;
    const most = Math.max(red, green, blue);
    const chroma = most - Math.min(red, green, blue);
    if (chroma === 0) continue;
    // In sixths of a turn; the 12 keeps it above 0 for any turn back.
    const hue = 12 + 6 * turns +
      (most === red
        ? (green - blue) / chroma
        : most === green
        ? 2 + (blue - red) / chroma
        : 4 + (red - green) / chroma);
    image[i] = most - chroma * lack((hue + 5) % 6);
    image[i + 1] = most - chroma * lack((hue + 3) % 6);
    image[i + 2] = most - chroma * lack((hue + 1) % 6);
  }
}

/** How much of the chroma a channel lacks, by the distance of the hue from its own. */
function lack(sixths: number): number {
  return clip(Math.min(sixths, 4 - sixths));
}

function clip(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}
