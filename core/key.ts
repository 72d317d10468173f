/**
 * Functional randomness: a key is a value, folded from a seed and from whatever tells one use from another.
 *
 * Nothing here is global or has state, so nothing has to be saved to draw the same numbers twice. Folding is
 * Threefry-2x32 with 20 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
 *
 * @module
 */

/** 64 bits that stand for a source of random numbers. */
export interface Key {
  /** The two 32-bit halves. */
  readonly words: readonly [number, number];
}

const ROTATIONS = [[13, 15, 26, 6], [17, 29, 16, 24]] as const;

/** The Threefry-2x32 block function with 20 rounds: two words of counter under two words of key. */
export function threefry2x32(key: readonly [number, number], counter: readonly [number, number]): [number, number] {
  const schedule = [key[0] | 0, key[1] | 0, (key[0] ^ key[1] ^ 0x1bd11bda) | 0];
  let x = (counter[0] + schedule[0]!) | 0;
  let y = (counter[1] + schedule[1]!) | 0;
  for (let group = 1; group <= 5; group++) {
    for (const turn of ROTATIONS[(group + 1) % 2]!) {
      x = (x + y) | 0;
      y = ((y << turn) | (y >>> (32 - turn))) ^ x;
    }
    x = (x + schedule[group % 3]!) | 0;
    y = (y + schedule[(group + 1) % 3]! + group) | 0;
  }
  return [x >>> 0, y >>> 0];
}

/**
 * The key of a seed.
 *
 * @param seed An integer from 0 to 2⁵³ - 1.
 * @throws {RangeError} If the seed is anything else.
 *
 * @example
 * ```ts
 * import { fold, key } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(fold(key(7), "dropout", 3), fold(key(7), "dropout", 3));
 * ```
 */
export function key(seed: number): Key {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`Cannot make a key: seed is ${seed}, expected an integer from 0 to 2^53 - 1`);
  }
  return {
    words: threefry2x32([0x67726164, 0x666f6c64], [
      seed >>> 0,
      Math.floor(seed / 2 ** 32),
    ]),
  };
}

/**
 * Derives a new key from a key and names or numbers that tell this use from all others.
 *
 * @throws {RangeError} If a number is not an integer, since all its fractions would give the same key.
 */
export function fold(from: Key, ...data: readonly (string | number)[]): Key {
  let words = from.words;
  for (const item of data) {
    if (typeof item === "number" && !Number.isSafeInteger(item)) {
      throw new RangeError(`Cannot fold ${item} into a key, expected a string or an integer`);
    }
    words = typeof item === "number"
      ? threefry2x32(words, [
        item >>> 0,
        (Math.floor(item / 2 ** 32) ^ 0x6e756d) >>> 0,
      ])
      : foldText(words, item);
  }
  return { words };
}

function foldText(words: readonly [number, number], text: string): readonly [number, number] {
  let state = threefry2x32(words, [text.length, 0x74657874]);
  for (let i = 0; i < text.length; i += 2) {
    state = threefry2x32(state, [
      text.charCodeAt(i),
      i + 1 < text.length ? text.charCodeAt(i + 1) : 0,
    ]);
  }
  return state;
}
