import { assert, assertEquals, assertThrows } from "@std/assert";
import { key } from "../../../core/key.ts";
import type { ImageSet } from "../../../data/images/image_set.ts";
import { splitByClass } from "../../../data/images/split_by_class.ts";
import { fc } from "../../support/properties.ts";
import { setOf } from "./_sets.ts";

/** Images of one pixel, the number of the image, with these labels. */
function labeled(labels: readonly number[], classes = Math.max(...labels) + 1): ImageSet {
  return {
    ...setOf(labels.map((_, i) => i), 1, 1, 1),
    labels: Int32Array.from(labels),
    classes: Array.from({ length: classes }, (_, i) => `class ${i}`),
  };
}

function classesOf({ labels }: ImageSet): number[] {
  return [...new Set(labels)].sort((a, b) => a - b);
}

Deno.test("splitByClass() shares out whole families, near the share, and every image once", () => {
  const labels = fc.array(fc.nat(40), { minLength: 30, maxLength: 120 });
  const families = fc.array(fc.nat(12), { minLength: 41, maxLength: 41 });
  fc.assert(fc.property(labels, families, fc.double({ min: 0.2, max: 0.8, noNaN: true }), fc.nat(), (...drawn) => {
    const [labels, families, share, seed] = drawn;
    const set = labeled(labels, 41);
    const sizes = new Map<number, number>();
    for (const label of classesOf(set)) sizes.set(families[label]!, (sizes.get(families[label]!) ?? 0) + 1);
    fc.pre(sizes.size > 3);
    const { train, test } = splitByClass(set, { share, families, key: key(seed) });
    assertEquals([...train.pixels, ...test.pixels].sort((a, b) => a - b), [...set.pixels]);
    for (const part of [train, test]) {
      part.pixels.forEach((image, row) => assertEquals(part.labels[row], labels[image]));
      assertEquals([...part.pixels], [...part.pixels].sort((a, b) => a - b));
      assertEquals(part.classes, set.classes);
    }
    const sides = [train, test].map((part) => new Set(classesOf(part).map((label) => families[label])));
    assert(sides[0]!.isDisjointFrom(sides[1]!));
    // A part is off by half a family at most, since another one would bring it nearer.
    const off = Math.abs(classesOf(train).length - share * classesOf(set).length);
    assert(off <= Math.max(...sizes.values()) / 2, `${off} of families ${[...sizes.values()]}`);
  }));
});

Deno.test("splitByClass() puts exactly half of single classes on each side, other ones for each key", () => {
  const set = labeled(Array.from({ length: 300 }, (_, i) => i % 100));
  const trains = [0, 1, 0].map((seed) => splitByClass(set, { key: key(seed) }).train);
  assertEquals(trains.map((train) => [train.examples, classesOf(train).length]), Array(3).fill([150, 50]));
  assertEquals(trains[0], trains[2]);
  assert(classesOf(trains[0]!).join() !== classesOf(trains[1]!).join());
  assertEquals(classesOf(splitByClass(set, { share: 0.9, key: key(0) }).train).length, 90);
});

Deno.test("splitByClass() does not count classes without images", () => {
  const set = labeled([0, 1, 5, 5], 1000);
  const families = Array.from({ length: 1000 }, (_, i) => i < 2 ? 7 : i);
  const { train, test } = splitByClass(set, { families, key: key(3) });
  assertEquals([classesOf(train), classesOf(test)].sort(), [[0, 1], [5]]);
});

Deno.test("splitByClass() refuses what it cannot split", () => {
  const set = labeled([0, 1, 2]);
  for (const share of [0, 1, -1, NaN]) {
    assertThrows(() => splitByClass(set, { share, key: key(0) }), RangeError, `share is ${share}, expected a number`);
  }
  assertThrows(
    () => splitByClass(set, { families: [0, 1], key: key(0) }),
    RangeError,
    "there are 2 families, expected one for each of 3 classes",
  );
  const one = { families: [4, 4, 4], key: key(0) };
  assertThrows(() => splitByClass(set, one), RangeError, "a share of 0.5 of 1 families leaves a side empty");
});
