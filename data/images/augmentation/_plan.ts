import type {
  AffineOptions,
  AugmentationOptions,
  BlurOptions,
  ColorJitterOptions,
  CropOptions,
  ErasingOptions,
  Interval,
} from "./options.ts";

/** Checked options, with all defaults. */
export interface Plan {
  readonly affine: AffinePlan | undefined;
  readonly crop: WindowPlan | undefined;
  readonly flip: number;
  readonly colorJitter: JitterPlan | undefined;
  readonly grayscale: number;
  readonly blur: Required<BlurOptions> | undefined;
  readonly erasing: Required<ErasingOptions> | undefined;
  readonly fill: number | readonly number[];
}

/** Checked ranges of an affine map. */
export interface AffinePlan {
  readonly rotation: Interval;
  readonly shear: Interval;
  readonly translation: number;
  readonly scale: Interval;
}

/** Checked ranges of a window. */
export type WindowPlan = Required<CropOptions>;

/** Checked ranges of changes of color. */
export interface JitterPlan {
  readonly probability: number;
  /** The factors of brightness, contrast and saturation, and the turns of hue. */
  readonly ranges: readonly Interval[];
}

/** Checks options and completes them. */
export function planOf(options: AugmentationOptions): Plan {
  const { affine, crop, flip = 0, colorJitter, grayscale = 0, blur, erasing, fill = 1 } = options;
  for (const value of [fill].flat()) shareOf("fill", value);
  return {
    affine: affine && affinePlan(affine),
    crop: crop && windowPlan("crop", { scale: [0.08, 1], ratio: [3 / 4, 4 / 3], ...crop }),
    flip: shareOf("flip", flip),
    colorJitter: colorJitter && jitterPlan(colorJitter),
    grayscale: shareOf("grayscale", grayscale),
    blur: blur && blurPlan(blur),
    erasing: erasing && {
      probability: shareOf("erasing.probability", erasing.probability ?? 0.5),
      ...windowPlan("erasing", { scale: [0.02, 0.33], ratio: [0.3, 3.3], ...erasing }),
    },
    fill,
  };
}

function affinePlan({ rotation = 0, shear = 0, translation = 0, scale = [1, 1] }: AffineOptions): AffinePlan {
  return {
    rotation: rangeOf("affine.rotation", rotation),
    shear: rangeOf("affine.shear", shear, { least: -89, most: 89 }),
    translation: shareOf("affine.translation", translation),
    scale: rangeOf("affine.scale", scale, { above: 0 }),
  };
}

function windowPlan(name: string, { scale, ratio }: WindowPlan): WindowPlan {
  return {
    scale: rangeOf(`${name}.scale`, scale, { above: 0, most: 1 }),
    ratio: rangeOf(`${name}.ratio`, ratio, { above: 0 }),
  };
}

function jitterPlan({ probability = 0.8, hue = 0, ...strengths }: ColorJitterOptions): JitterPlan {
  const { brightness = 0, contrast = 0, saturation = 0 } = strengths;
  const factors = Object.entries({ brightness, contrast, saturation })
    .map(([name, strength]) => rangeOf(`colorJitter.${name}`, strength, { least: 0, middle: 1 }));
  return {
    probability: shareOf("colorJitter.probability", probability),
    ranges: [...factors, rangeOf("colorJitter.hue", hue, { least: -0.5, most: 0.5 })],
  };
}

function blurPlan({ probability = 0.5, sigma = [0.1, 2] }: BlurOptions): Required<BlurOptions> {
  return { probability: shareOf("blur.probability", probability), sigma: rangeOf("blur.sigma", sigma, { above: 0 }) };
}

interface Limits {
  readonly above?: number;
  readonly least?: number;
  readonly most?: number;
  readonly middle?: number;
}

/** Reads a range, or a number b as the range of `middle` ± b, cut off at `least`. */
function rangeOf(name: string, given: number | Interval, limits: Limits = {}): Interval {
  const { above = -Infinity, least = above, most = Number.MAX_VALUE, middle = 0 } = limits;
  const [low, high] = typeof given === "number" ? [Math.max(middle - given, least), middle + given] : given;
  if (!(low >= least && low > above && low <= high && high <= most)) {
    const shown = typeof given === "number" ? `${given}, which stands for [${low}, ${high}]` : `[${given}]`;
    const bounds = [
      ...(above > -Infinity ? [`above ${above}`] : least > -Infinity ? [`at least ${least}`] : []),
      ...(most < Number.MAX_VALUE ? [`at most ${most}`] : []),
    ];
    const expected = ["low ≤ high", ...bounds].join(", ");
    throw new RangeError(`Cannot augment: ${name} is ${shown}, expected ${expected}`);
  }
  return [low, high];
}

function shareOf(name: string, value: number): number {
  if (!(value >= 0 && value <= 1)) {
    throw new RangeError(`Cannot augment: ${name} is ${value}, expected a number from 0 to 1`);
  }
  return value;
}
