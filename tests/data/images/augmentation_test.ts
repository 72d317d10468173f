import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { key } from "../../../core/key.ts";
import { augmentation, type AugmentationOptions } from "../../../data/images/augmentation/mod.ts";
import { imageTensor } from "../../../data/images/image_set.ts";
import { assertNewTensors, engineTest } from "../../support/mod.ts";
import { fc } from "../../support/properties.ts";
import { randomSet, setOf } from "./_sets.ts";

const strong: AugmentationOptions = {
  affine: { rotation: 30, shear: 10, translation: 0.2, scale: [0.7, 1.5] },
  crop: {},
  flip: 0.5,
  colorJitter: { probability: 0.9, brightness: 0.8, contrast: 0.8, saturation: 0.8, hue: 0.2 },
  grayscale: 0.2,
  blur: {},
  erasing: {},
};

/** Views of rows, each as a list of numbers. */
function views(set: Parameters<typeof imageTensor>[0], rows: number[], options: AugmentationOptions, seed: number) {
  return tf.tidy(() => tf.unstack(augmentation(options)(set, rows, key(seed))).map((view) => [...view.dataSync()]));
}

engineTest("augmentation() without options gives the images bit by bit", () => {
  const set = randomSet(5, 4, 6, 3);
  const off = {
    flip: 0,
    grayscale: 0,
    affine: {},
    colorJitter: {},
    blur: { probability: 0 },
    erasing: { probability: 0 },
  };
  const image = imageTensor(set, [3, 0]);
  for (const options of [{}, off]) {
    const view = assertNewTensors(1, () => augmentation(options)(set, [3, 0], key(1)));
    assertEquals(view.shape, [2, 4, 6, 3]);
    assertEquals(view.dataSync(), image.dataSync());
  }
});

engineTest("augmentation() gives a row the same view in any batch", () => {
  const set = randomSet(6, 8, 8, 3);
  const alone = views(set, [4], strong, 3)[0];
  assertEquals(views(set, [0, 1, 4, 2], strong, 3)[2], alone);
  assertEquals(views(set, [4, 5, 5, 0], strong, 3)[0], alone);
  assertNotEquals(views(set, [4], strong, 4)[0], alone);
});

engineTest("augmentation() gives a row that comes twice two views, in any order of the batch", () => {
  const set = randomSet(6, 8, 8, 3);
  const [first, other, again] = views(set, [2, 5, 2], strong, 7);
  assertNotEquals(first, again);
  assertEquals(views(set, [5, 2, 2], strong, 7), [other, first, again]);
  // Equal images in other rows differ too.
  const same = setOf([...set.pixels.slice(0, 192), ...set.pixels.slice(0, 192)], 8, 8, 3);
  const [one, two] = views(same, [0, 1], strong, 7);
  assertNotEquals(one, two);
});

engineTest("augmentation() keeps one change's numbers when another is turned on", () => {
  const set = randomSet(16, 6, 6, 1);
  const rows = Array.from({ length: 16 }, (_, i) => i);
  const flipped = (options: AugmentationOptions) =>
    views(set, rows, { flip: 0.5, ...options }, 5).map((view, i) =>
      view[0] === Math.fround(set.pixels[i * 36 + 5]! / 255)
    );
  const alone = flipped({});
  assert(alone.includes(true) && alone.includes(false));
  assertEquals(flipped({ colorJitter: { saturation: 0.5 }, crop: { scale: [1, 1], ratio: [1, 1] } }), alone);
});

engineTest("augmentation() stays within 0 and 1 whatever its options", () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const range = (min: number, max: number) =>
    fc.tuple(fc.double({ min, max, noNaN: true }), fc.double({ min, max, noNaN: true }))
      .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  const options = fc.record({
    affine: fc.record({
      rotation: range(-400, 400),
      shear: range(-89, 89),
      translation: share,
      scale: range(0.01, 50),
    }),
    crop: fc.record({ scale: range(0.001, 1), ratio: range(0.01, 100) }),
    flip: share,
    colorJitter: fc.record({
      probability: share,
      brightness: range(0, 9),
      contrast: range(0, 9),
      saturation: range(0, 9),
      hue: range(-0.5, 0.5),
    }),
    grayscale: share,
    blur: fc.record({ probability: share, sigma: range(0.01, 5) }),
    erasing: fc.record({ probability: share, scale: range(0.001, 1), ratio: range(0.01, 100) }),
    fill: share,
  }, { requiredKeys: [] });
  const shape = fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 }), fc.constantFrom(1, 3));
  fc.assert(fc.property(options, shape, fc.nat(), (options, [height, width, channels], seed) => {
    const set = randomSet(3, height, width, channels, seed);
    const values = views(set, [0, 1, 2, 1], options, seed).flat();
    assert(values.every((value) => value >= 0 && value <= 1), `${values}`);
  }));
});

Deno.test("augmentation() refuses options out of range by name", () => {
  const cases: [AugmentationOptions, string][] = [
    [{ flip: 1.5 }, "flip is 1.5, expected a number from 0 to 1"],
    [{ grayscale: NaN }, "grayscale is NaN"],
    [{ fill: [0, 2, 0] }, "fill is 2"],
    [{ crop: { scale: [0, 1] } }, "crop.scale is [0,1], expected low ≤ high, above 0, at most 1"],
    [{ crop: { scale: [0.5, 1.1] } }, "crop.scale is [0.5,1.1]"],
    [{ crop: { ratio: [2, 1] } }, "crop.ratio is [2,1], expected low ≤ high, above 0"],
    [{ erasing: { probability: -1 } }, "erasing.probability is -1"],
    [{ erasing: { scale: [-1, 1] } }, "erasing.scale is [-1,1]"],
    [{ affine: { rotation: Infinity } }, "affine.rotation is Infinity"],
    [{ affine: { rotation: -3 } }, "affine.rotation is -3, which stands for [3, -3], expected low ≤ high"],
    [{ affine: { shear: [0, 90] } }, "affine.shear is [0,90], expected low ≤ high, at least -89, at most 89"],
    [{ affine: { translation: 2 } }, "affine.translation is 2"],
    [{ affine: { scale: [0, 1] } }, "affine.scale is [0,1]"],
    [{ colorJitter: { brightness: -0.1 } }, "colorJitter.brightness is -0.1"],
    [{ colorJitter: { contrast: [-1, 1] } }, "colorJitter.contrast is [-1,1], expected low ≤ high, at least 0"],
    [{ colorJitter: { saturation: NaN } }, "colorJitter.saturation is NaN"],
    [{ colorJitter: { hue: 0.6 } }, "colorJitter.hue is 0.6"],
    [{ colorJitter: { probability: 2 } }, "colorJitter.probability is 2"],
    [{ blur: { sigma: [0, 1] } }, "blur.sigma is [0,1]"],
    [{ blur: { probability: 3 } }, "blur.probability is 3"],
  ];
  for (const [options, message] of cases) {
    assertThrows(() => augmentation(options), RangeError, `Cannot augment: ${message}`);
  }
});

engineTest("augmentation() refuses images and rows that it cannot augment", () => {
  const set = randomSet(2, 2, 2, 3);
  const run = augmentation({});
  assertNewTensors(0, () => {
    assertThrows(() => run(set, [0, 2], key(0)), RangeError, "rows[1] is 2, expected a row of 2 images");
    assertThrows(() => run(set, [0.5], key(0)), RangeError, "rows[0] is 0.5");
    assertThrows(() => run(randomSet(1, 2, 2, 2), [0], key(0)), RangeError, "2 channels, expected 1 or 3");
    assertThrows(() => augmentation({ fill: [1] })(set, [0], key(0)), RangeError, "fill has 1 numbers, expected 3");
  });
});
