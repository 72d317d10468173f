import { assert, assertEquals } from "@std/assert";
import { key } from "../../../core/key.ts";
import {
  augmentation,
  type AugmentationOptions,
  type ColorJitterOptions,
} from "../../../data/images/augmentation/mod.ts";
import { assertClose, engineTest } from "../../support/mod.ts";
import type { ImageSet } from "../../../data/images/image_set.ts";
import { randomSet, setOf } from "./_sets.ts";

function view(set: ImageSet, options: AugmentationOptions, seed = 0): number[] {
  const tensor = augmentation(options)(set, [0], key(seed));
  const values = [...tensor.dataSync()];
  tensor.dispose();
  return values;
}

const exactly = (value: number) => [value, value] as const;
const clip = (value: number) => Math.min(Math.max(value, 0), 1);
const triples = (values: number[]) =>
  Array.from({ length: values.length / 3 }, (_, i) => values.slice(3 * i, 3 * i + 3));
const gray = ([red, green, blue]: number[]) => 0.299 * red! + 0.587 * green! + 0.114 * blue!;

/** Hue in turns, saturation and value. */
function hsv([red, green, blue]: number[]): [number, number, number] {
  const most = Math.max(red!, green!, blue!);
  const chroma = most - Math.min(red!, green!, blue!);
  if (chroma === 0) return [0, 0, most];
  const sixths = most === red
    ? (green! - blue!) / chroma
    : most === green
    ? 2 + (blue! - red!) / chroma
    : 4 + (red! - green!) / chroma;
  return [(sixths + 6) % 6 / 6, chroma / most, most];
}

function rgb([hue, saturation, value]: [number, number, number]): number[] {
  const sector = Math.floor(hue * 6) % 6;
  const rest = hue * 6 - Math.floor(hue * 6);
  const [p, q, t] = [
    value * (1 - saturation),
    value * (1 - rest * saturation),
    value * (1 - (1 - rest) * saturation),
  ];
  return [[value, t, p], [q, value, p], [p, value, t], [p, q, value], [t, p, value], [value, p, q]][sector]!;
}

const naive: Record<string, (values: number[], amount: number) => number[]> = {
  brightness: (values, factor) => values.map((value) => clip(value * factor)),
  contrast(values, factor) {
    const mean = triples(values).reduce((sum, pixel) => sum + gray(pixel), 0) / (values.length / 3);
    return values.map((value) => clip(factor * value + (1 - factor) * mean));
  },
  saturation: (values, factor) =>
    triples(values).flatMap((pixel) => pixel.map((value) => clip(factor * value + (1 - factor) * gray(pixel)))),
  hue: (values, turns) =>
    triples(values).flatMap((pixel) => {
      const [hue, saturation, value] = hsv(pixel);
      return rgb([(hue + turns + 1) % 1, saturation, value]);
    }),
};

const set = randomSet(1, 9, 8, 3);
const original = [...set.pixels].map((value) => value / 255);

for (
  const [name, amounts] of Object.entries({
    brightness: [0, 0.4, 1.7],
    contrast: [0, 0.4, 1.7],
    saturation: [0, 0.4, 1.7],
    hue: [-0.5, -0.2, 0.1, 1 / 3, 0.5],
  })
) {
  engineTest(`augmentation() changes ${name} by its formula`, () => {
    for (const amount of amounts) {
      const changed = view(set, { colorJitter: { probability: 1, [name]: exactly(amount) } });
      assertClose(changed, naive[name]!(original, amount), 1e-6, `${name} ${amount}`);
    }
  });
}

engineTest("augmentation() turns pure hues into each other and leaves grays", () => {
  const pure = setOf([255, 0, 0, 255, 255, 0, 0, 0, 255, 9, 9, 9, 0, 0, 0], 1, 5, 3);
  const turned = view(pure, { colorJitter: { probability: 1, hue: exactly(1 / 3) } }).map((value) => value * 255);
  assertEquals(turned.map(Math.round), [0, 255, 0, 0, 255, 255, 255, 0, 0, 9, 9, 9, 0, 0, 0]);
});

engineTest("augmentation() changes colors in an order drawn for each example", () => {
  const amounts = { brightness: 1.6, contrast: 0.5, saturation: 1.8, hue: 0.2 };
  const colorJitter: ColorJitterOptions = {
    probability: 1,
    brightness: exactly(1.6),
    contrast: exactly(0.5),
    saturation: exactly(1.8),
    hue: exactly(0.2),
  };
  const orders = (names: string[]): string[][] =>
    names.length === 0
      ? [[]]
      : names.flatMap((name) => orders(names.filter((other) => other !== name)).map((rest) => [name, ...rest]));
  const possible = orders(Object.keys(amounts)).map((names) =>
    names.reduce((values, name) => naive[name]!(values, amounts[name as keyof typeof amounts]), original)
  );
  const distance = (a: number[], b: number[]) => Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));
  const seen = Array.from({ length: 200 }, (_, seed) => {
    const changed = view(set, { colorJitter }, seed);
    const at = possible.findIndex((values) => distance(values, changed) < 1e-5);
    assert(at >= 0, `key ${seed} gives no order of the four changes`);
    return at;
  });
  const first = possible.map((values) => possible.findIndex((other) => distance(values, other) < 1e-5));
  assertEquals(new Set(seen), new Set(first));
});

engineTest("augmentation() reads a strength as a range of factors, brightness 2 as 0 to 3", () => {
  const dark = setOf([51], 1, 1, 1);
  const factors = (brightness: number) =>
    Array.from({ length: 300 }, (_, seed) => view(dark, { colorJitter: { probability: 1, brightness } }, seed)[0]! * 5);
  for (const [strength, least, most] of [[0.4, 0.6, 1.4], [2, 0, 3]] as const) {
    const seen = factors(strength);
    assert(Math.min(...seen) >= least - 1e-6 && Math.min(...seen) < least + 0.05 * most);
    assert(Math.max(...seen) <= most + 1e-6 && Math.max(...seen) > 0.95 * most);
  }
});

engineTest("augmentation() acts as often as its probabilities say", () => {
  const share = (options: AugmentationOptions) =>
    Array.from({ length: 400 }, (_, seed) => view(set, options, seed)[0] === Math.fround(original[0]!) ? 0 : 1)
      .reduce<number>((sum, changed) => sum + changed, 0) / 400;
  const near = (value: number, expected: number) => assert(Math.abs(value - expected) < 0.08, `${value}, ${expected}`);
  near(share({ flip: 0.3 }), 0.3);
  near(share({ grayscale: 0.2 }), 0.2);
  near(share({ colorJitter: { brightness: exactly(0.5) } }), 0.8);
  near(share({ blur: { sigma: exactly(1) } }), 0.5);
});

engineTest("augmentation() makes grays of all channels, and leaves one channel", () => {
  assertClose(view(set, { grayscale: 1 }), triples(original).flatMap((pixel) => pixel.map(() => gray(pixel))), 1e-6);
  const single = randomSet(1, 4, 4, 1);
  const plain = view(single, {});
  assertEquals(view(single, { grayscale: 1 }), plain);
  assertEquals(view(single, { colorJitter: { probability: 1, saturation: exactly(2), hue: 0.5 } }), plain);
  const mean = plain.reduce((sum, value) => sum + value, 0) / plain.length;
  const contrast = view(single, { colorJitter: { probability: 1, contrast: exactly(0.5) } });
  assertClose(contrast, plain.map((value) => (value + mean) / 2), 1e-6);
});

engineTest("augmentation() blurs by a Gaussian over columns and rows", () => {
  for (const [height, width, channels, sigma] of [[6, 5, 3, 0.8], [4, 9, 1, 2], [2, 2, 3, 3]] as const) {
    const images = randomSet(1, height, width, channels);
    const radius = Math.ceil(3 * sigma);
    const weights = Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * sigma ** 2)));
    const total = weights.reduce((sum, weight) => sum + weight, 0) ** 2;
    const inside = (at: number, size: number) => Math.min(Math.max(at, 0), size - 1);
    const expected = Array.from({ length: images.pixels.length }, (_, i) => {
      const channel = i % channels;
      const [x, y] = [Math.floor(i / channels) % width, Math.floor(i / channels / width)];
      let sum = 0;
      for (let down = -radius; down <= radius; down++) {
        for (let right = -radius; right <= radius; right++) {
          const at = (inside(y + down, height) * width + inside(x + right, width)) * channels + channel;
          sum += weights[down + radius]! * weights[right + radius]! * images.pixels[at]! / 255;
        }
      }
      return sum / total;
    });
    assertClose(view(images, { blur: { probability: 1, sigma: exactly(sigma) } }), expected, 1e-6);
  }
});
