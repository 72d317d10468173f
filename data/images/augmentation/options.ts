/**
 * What an augmentation does and how strongly.
 *
 * @module
 */

/** Two ends of a range that numbers are drawn from evenly, both included; equal ends fix the number. */
export type Interval = readonly [low: number, high: number];

/** What happens to images; what is left out does not happen. The order is that of this list. */
export interface AugmentationOptions {
  /** Turns, shears, moves and scales about the image's middle. */
  readonly affine?: AffineOptions;
  /** Cuts out a window and enlarges it to the whole image. */
  readonly crop?: CropOptions;
  /** Probability that left and right change places; 0 by default. */
  readonly flip?: number;
  /** Changes of color and light. */
  readonly colorJitter?: ColorJitterOptions;
  /** Probability that an image loses its colors and keeps its channels; 0 by default. */
  readonly grayscale?: number;
  /** Gaussian blur. */
  readonly blur?: BlurOptions;
  /** Covers a window. */
  readonly erasing?: ErasingOptions;
  /** What stands outside the image and in erased windows, from 0 to 1: one number, or one a channel; 1, white, by default. */
  readonly fill?: number | readonly number[];
}

/** A rotation, shear, translation and scale, all about the middle. */
export interface AffineOptions {
  /** Degrees clockwise: a range, or d for [-d, d]; 0 by default. */
  readonly rotation?: number | Interval;
  /** Degrees that vertical lines lean by, within ±90: a range, or d for [-d, d]; 0 by default. */
  readonly shear?: number | Interval;
  /** The largest move along each axis as a share of the image's width or height, either way; 0 by default. */
  readonly translation?: number;
  /** Factor of size, above 0; [1, 1] by default. */
  readonly scale?: Interval;
}

/** A window of random area, shape and place. */
export interface CropOptions {
  /** The window's share of the image's area, above 0 and at most 1; [0.08, 1] by default. */
  readonly scale?: Interval;
  /** The window's width by its height, drawn evenly in logarithms; [3/4, 4/3] by default. */
  readonly ratio?: Interval;
}

/**
 * Changes of color and light, in a random order.
 *
 * A number b stands for the range of factors [max(0, 1 - b), 1 + b], for hue for the turns [-b, b]. Chen et al., 2020,
 * take 0.8s, 0.8s, 0.8s and 0.2s in the order below, with strength s = 1 for ImageNet and 0.5 for CIFAR-10.
 */
export interface ColorJitterOptions {
  /** Probability that an image is changed at all; 0.8 by default. */
  readonly probability?: number;
  /** Factor of all values; 0 by default. */
  readonly brightness?: number | Interval;
  /** Factor of the distance from the image's mean gray; 0 by default. */
  readonly contrast?: number | Interval;
  /** Factor of the distance from each pixel's own gray; without effect on one channel; 0 by default. */
  readonly saturation?: number | Interval;
  /** Turns of the circle of hues, at most half a turn either way; without effect on one channel; 0 by default. */
  readonly hue?: number | Interval;
}

/** A blur by a Gaussian of random width, cut off at three standard deviations. */
export interface BlurOptions {
  /** Probability that an image is blurred; 0.5 by default. */
  readonly probability?: number;
  /** Standard deviation in pixels, above 0; [0.1, 2] by default. */
  readonly sigma?: Interval;
}

/** A window of random area, shape and place. */
export interface ErasingOptions {
  /** Probability that a window is covered; 0.5 by default. */
  readonly probability?: number;
  /** The window's share of the image's area, above 0 and at most 1; [0.02, 0.33] by default. */
  readonly scale?: Interval;
  /** The window's width by its height, drawn evenly in logarithms; [0.3, 3.3] by default. */
  readonly ratio?: Interval;
}
