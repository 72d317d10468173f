import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { key } from "../../../core/key.ts";
import { augmentation, type AugmentationOptions } from "../../../data/images/augmentation/mod.ts";
import { type ImageSet, imageTensor } from "../../../data/images/image_set.ts";
import { assertClose, engineTest } from "../../support/mod.ts";
import { randomSet, setOf } from "./_sets.ts";

/** The view of a set's first image as bytes, not rounded. */
function view(set: ImageSet, options: AugmentationOptions, seed = 0): number[] {
  const tensor = augmentation(options)(set, [0], key(seed));
  const values = Array.from(tensor.dataSync(), (value) => value * 255);
  tensor.dispose();
  return values;
}

const rounded = (values: number[]) => values.map((value) => Math.round(value));

engineTest("augmentation() flips columns, and a second flip undoes the first", () => {
  const set = randomSet(1, 3, 5, 3);
  const flipped = view(set, { flip: 1 });
  const expected = [...imageTensor(set, [0]).reverse(2).dataSync()].map((value) => value * 255);
  assertEquals(flipped, expected);
  assertEquals(rounded(view(setOf(rounded(flipped), 3, 5, 3), { flip: 1 })), [...set.pixels]);
});

engineTest("augmentation() turns by a right angle exactly, clockwise", () => {
  const set = setOf([1, 2, 3, 4, 5, 6, 7, 8, 9], 3, 3, 1);
  const turned = (degrees: number) => rounded(view(set, { affine: { rotation: [degrees, degrees] } }));
  assertEquals(turned(90), [7, 4, 1, 8, 5, 2, 9, 6, 3]);
  assertEquals(turned(-90), [3, 6, 9, 2, 5, 8, 1, 4, 7]);
  assertEquals(turned(180), [9, 8, 7, 6, 5, 4, 3, 2, 1]);
  const random = randomSet(1, 8, 8, 3);
  const quarter = { affine: { rotation: [90, 90] as const } };
  let spun = random;
  for (let i = 0; i < 4; i++) {
    const values = view(spun, quarter);
    assertClose(values, rounded(values), 1e-6);
    spun = setOf(rounded(values), 8, 8, 3);
  }
  assertEquals(spun.pixels, random.pixels);
});

engineTest("augmentation() leaves an image whose crop is all of it", () => {
  const full = { crop: { scale: [1, 1], ratio: [0.5, 2] } } as const;
  for (const [height, width] of [[8, 8], [4, 6], [7, 3]] as const) {
    const set = randomSet(1, height, width, 3);
    const values = view(set, full, 4);
    assertClose(values, [...set.pixels], 1e-6);
  }
  const square = randomSet(1, 8, 8, 3);
  assertEquals(rounded(view(square, full)), [...square.pixels]);
});

engineTest("augmentation() crops windows of the area, ratio and places asked for", () => {
  // Values rise by 1 a column and by 16 a row, so two differences tell a window's size and the first value its place.
  const size = 12;
  const slope = setOf(
    Array.from({ length: size * size }, (_, i) => i % size + 16 * Math.floor(i / size)),
    size,
    size,
    1,
  );
  const seen = Array.from({ length: 200 }, (_, seed) => {
    const values = view(slope, { crop: { scale: [0.2, 0.3], ratio: [0.5, 2] } }, seed);
    const middle = 6 * size + 6;
    const width = (values[middle + 1]! - values[middle]!) * size;
    const height = (values[middle + size]! - values[middle]!) / 16 * size;
    return { area: width * height / size ** 2, ratio: width / height, corner: values[0]! };
  });
  const [areas, ratios] = [seen.map(({ area }) => area), seen.map(({ ratio }) => ratio)];
  const near = (value: number, expected: number, tolerance: number) =>
    assert(Math.abs(value - expected) < tolerance, `${value} is not ${expected}`);
  near(Math.min(...areas), 0.2, 0.01);
  near(Math.max(...areas), 0.3, 0.01);
  near(Math.min(...ratios), 0.5, 0.1);
  near(Math.max(...ratios), 2, 0.2);
  near(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / 200, 0, 0.1);
  assert(seen.some(({ corner }) => corner < 16) && seen.some(({ corner }) => corner > 80));
});

engineTest("augmentation() moves and scales about the middle and fills what is outside", () => {
  const set = setOf(Array.from({ length: 16 }, () => 100), 4, 4, 1);
  const small = rounded(view(set, { affine: { scale: [0.5, 0.5] }, fill: 0 }));
  assertEquals(small, [0, 0, 0, 0, 0, 100, 100, 0, 0, 100, 100, 0, 0, 0, 0, 0]);
  assertEquals(rounded(view(set, { affine: { scale: [0.5, 0.5] } })), small.map((value) => value || 255));
  const colored = setOf(Array.from({ length: 12 }, () => 100), 2, 2, 3);
  const filled = rounded(view(colored, { affine: { scale: [0.1, 0.1] }, fill: [0, 0.2, 1] }));
  assertEquals(filled.slice(0, 3), [0, 51, 255]);
  const moved = Array.from({ length: 50 }, (_, seed) => view(set, { affine: { translation: 0.5 }, fill: 0 }, seed));
  const covered = moved.map((values) => values.filter((value) => value > 0).length);
  assert(Math.min(...covered) <= 6 && Math.max(...covered) >= 12, `${covered}`);
  assert(covered.every((count) => count >= 4));
});

engineTest("augmentation() shears rows against each other", () => {
  const line = setOf([0, 0, 9, 0, 0, 0, 0, 9, 0, 0, 0, 0, 9, 0, 0], 3, 5, 1);
  const leaning = rounded(view(line, { affine: { shear: [45, 45] }, fill: 0 }));
  assertEquals(leaning, [0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0]);
});

engineTest("augmentation() reads between pixels as a naive bilinear reader", () => {
  const [height, width] = [15, 17];
  const set = randomSet(1, height, width, 1);
  const pixel = (x: number, y: number) =>
    set.pixels[Math.min(Math.max(y, 0), height - 1) * width + Math.min(Math.max(x, 0), width - 1)]!;
  for (const [degrees, lean, factor] of [[23, 11, 1.3], [-40, 0, 0.8], [100, -30, 0.6], [0, 20, 2.5]] as const) {
    const values = view(set, {
      affine: { rotation: [degrees, degrees], shear: [lean, lean], scale: [factor, factor] },
      fill: 0,
    });
    const turn = degrees * Math.PI / 180;
    const expected = Array.from({ length: height * width }, (_, i) => {
      // Undo the turn, then the scale, then the shear.
      const [x, y] = [i % width + 0.5 - width / 2, Math.floor(i / width) + 0.5 - height / 2];
      const unturned = [x * Math.cos(turn) + y * Math.sin(turn), y * Math.cos(turn) - x * Math.sin(turn)] as const;
      const [u, v] = [unturned[0] / factor, unturned[1] / factor];
      const [column, row] = [u + v * Math.tan(lean * Math.PI / 180) + width / 2, v + height / 2];
      if (column < 0 || column > width || row < 0 || row > height) return 0;
      const [left, top] = [Math.floor(column - 0.5), Math.floor(row - 0.5)];
      const [p, q] = [column - 0.5 - left, row - 0.5 - top];
      return pixel(left, top) * (1 - p) * (1 - q) + pixel(left + 1, top) * p * (1 - q) +
        pixel(left, top + 1) * (1 - p) * q + pixel(left + 1, top + 1) * p * q;
    });
    assertClose(values, expected, 1e-6);
  }
});

engineTest("augmentation() covers a window of the area asked for and nothing else", () => {
  const set = setOf(Array.from({ length: 400 }, () => 0), 20, 20, 1);
  const erasing = { probability: 1, scale: [0.25, 0.25], ratio: [1, 1] } as const;
  const places = Array.from({ length: 20 }, (_, seed) => {
    const values = rounded(view(set, { erasing }, seed));
    assertEquals(values.filter((value) => value === 255).length, 100);
    const first = values.indexOf(255);
    assertEquals(values.slice(first + 9 * 20, first + 9 * 20 + 10), Array.from({ length: 10 }, () => 255));
    return first;
  });
  assertNotEquals(new Set(places).size, 1);
  assertEquals(view(set, { erasing: { ...erasing, probability: 0 } }), [...set.pixels]);
});
