/**
 * Emoji whose classes are nearly alike.
 *
 * @module
 */

// Drawings that differ by a detail, and the family that they form.
const ALIKE: readonly (readonly [pattern: RegExp, family: string])[] = [
  [/-(oclock|thirty)$/, "clock-face"],
  [/-moon(-face)?$/, "moon"],
  [/^keycap-/, "keycap"],
  [/-mailbox-/, "mailbox"],
  [/^flag-|-flags?$/, "flag"],
  [/^family/, "family"],
  [/^kiss-(man|woman|person)-/, "kiss"],
  [/^couple-with-heart/, "couple-with-heart"],
  [/^japanese-.*-button$/, "japanese-button"],
  [/-button-blood-type$/, "blood-type"],
  [/^globe-showing-/, "globe"],
  [/^hourglass-/, "hourglass"],
];

// Words that tell variants of one drawing apart: who, which color, how large, which way, which place.
const VARIANTS = new Set(
  ("man woman person people men women mans womans mens womens boy girl prince princess old older mr mrs mx santa " +
    "black white red orange yellow green blue purple brown grey pink small medium large low high " +
    "up down left right upwards downwards leftwards rightwards facing 1st 2nd 3rd").split(" "),
);

/**
 * Numbers classes of emoji so that those which are nearly alike have one number: persons of any gender who do the same,
 * clock faces, moons, flags, keycaps, colors and sizes of one shape, arrows of all directions.
 *
 * A split by class that takes a family apart tests on what it has trained on. The rule goes by names and rather puts too
 * much into one family than too little: `polar-bear` is alone, but `green-apple` is with `red-apple`.
 *
 * @param classes The names of the classes, as `loadEmoji` gives them.
 * @returns For each class the number of its family, counted from 0 in order of appearance.
 *
 * @example
 * ```ts
 * import { emojiFamilies } from "@gradfold/gradfold/data";
 * import { assertEquals } from "@std/assert";
 *
 * const classes = ["pilot", "ant", "woman-pilot", "one-oclock", "ten-thirty", "man-pilot"];
 * assertEquals([...emojiFamilies(classes)], [0, 1, 0, 2, 2, 0]);
 * ```
 */
export function emojiFamilies(classes: readonly string[]): Int32Array {
  const numbers = new Map<string, number>();
  return Int32Array.from(classes, (name) => {
    const family = familyOf(name);
    const number = numbers.get(family) ?? numbers.size;
    numbers.set(family, number);
    return number;
  });
}

function familyOf(name: string): string {
  const alike = ALIKE.find(([pattern]) => pattern.test(name));
  if (alike) return alike[1];
  const words = name.replace("light-blue", "blue").split("-");
  return words.filter((word) => !VARIANTS.has(word)).join("-");
}
