/**
 * Splits an image set so that no class is on both sides.
 *
 * @module
 */
import type { Key } from "../../core/key.ts";
import { permutation } from "../../core/stream.ts";
import { type ImageSet, selectImages } from "./image_set.ts";

/** How classes are split. */
export interface SplitOptions {
  /** The share of the classes that train, between 0 and 1; 0.5 by default. */
  readonly share?: number;
  /** For each class a number; classes of one number stay on one side. Each class is its own family by default. */
  readonly families?: ArrayLike<number>;
  /** What the split is drawn from. */
  readonly key: Key;
}

/** Two parts of an image set that have no class in common. */
export interface ClassSplit {
  /** The images of the classes that train. */
  readonly train: ImageSet;
  /** The images of the other classes. */
  readonly test: ImageSet;
}

/**
 * Splits an image set for zero-shot retrieval: classes that train, and others to test on.
 *
 * Families of classes are taken in random order, each into `train` if that brings the number of training classes nearer
 * to the share. Classes without an image do not count. Both parts keep the numbers of classes and sources, and the order
 * of images. The same key splits the same classes and families alike.
 *
 * @param set The images.
 * @param options Share, families and key.
 * @returns Both parts; each has at least one class.
 * @throws {RangeError} If the share is not between 0 and 1, the families are not one a class, or a part would be empty.
 *
 * @example
 * ```ts
 * import { type ImageSet, splitByClass } from "@gradfold/gradfold/data";
 * import { key } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * const set: ImageSet = {
 *   examples: 4,
 *   height: 1,
 *   width: 1,
 *   channels: 1,
 *   pixels: new Uint8Array(4),
 *   labels: Int32Array.of(0, 1, 2, 3),
 *   classes: ["one-oclock", "two-oclock", "ant", "bee"],
 *   origins: new Int32Array(4),
 *   sources: ["me"],
 *   names: ["1", "2", "3", "4"],
 * };
 * const { train, test } = splitByClass(set, { families: [0, 0, 1, 2], key: key(1) });
 * assertEquals(train.examples, 2);
 * assertEquals(train.labels.includes(0), train.labels.includes(1));
 * assertEquals(test.labels.includes(0), !train.labels.includes(0));
 * ```
 */
export function splitByClass(set: ImageSet, options: SplitOptions): ClassSplit {
  const { share = 0.5, families = set.classes.map((_, i) => i), key } = options;
  if (!(share > 0 && share < 1)) {
    throw new RangeError(`Cannot split classes: share is ${share}, expected a number between 0 and 1`);
  }
  if (families.length !== set.classes.length) {
    throw new RangeError(
      `Cannot split classes: there are ${families.length} families, expected one for each of ${set.classes.length} classes`,
    );
  }
  const present = [...new Set(set.labels)].sort((a, b) => a - b);
  const members = [...Map.groupBy(present, (label) => families[label]!).values()];
  const goal = share * present.length;
  const train = new Set<number>();
  for (const i of permutation(key, members.length)) {
    const family = members[i]!;
    // Only what brings the number of classes nearer to the goal.
    if (family.length < 2 * (goal - train.size)) family.forEach((label) => train.add(label));
  }
  if (train.size === 0 || train.size === present.length) {
    throw new RangeError(
      `Cannot split classes: a share of ${share} of ${members.length} families leaves a side empty, expected more families`,
    );
  }
  const rows = Array.from({ length: set.examples }, (_, row) => row);
  return {
    train: selectImages(set, rows.filter((row) => train.has(set.labels[row]!))),
    test: selectImages(set, rows.filter((row) => !train.has(set.labels[row]!))),
  };
}
