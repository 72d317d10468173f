/**
 * Fingerprints of data, by which a state knows that it is resumed with other data.
 *
 * @module
 */

/** Numbers, texts or lists of them, one entry an example. */
export type Values = ArrayLike<number | string | readonly (number | string)[]>;

/** 32 bits that depend on each value and on the order (MurmurHash3, Appleby, 2011). */
export function fingerprint(values: Values): number {
  const number = new Float64Array(1);
  const words = new Int32Array(number.buffer);
  let hash = 0;
  const add = (word: number) => {
    const scrambled = Math.imul(word, 0xcc9e2d51);
    hash ^= Math.imul((scrambled << 15) | (scrambled >>> 17), 0x1b873593);
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  };
  const addAll = (list: Values) => {
    add(list.length);
    for (let i = 0; i < list.length; i++) {
      const value = list[i]!;
      if (typeof value === "number") {
        // -0 and 0 are the same label.
        number[0] = value + 0;
        add(words[0]!);
        add(words[1]!);
      } else if (typeof value === "string") {
        add(value.length);
        for (let at = 0; at < value.length; at++) add(value.charCodeAt(at));
      } else {
        addAll(value);
      }
    }
  };
  addAll(values);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
