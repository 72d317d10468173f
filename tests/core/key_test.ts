import { assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { fc } from "../support/properties.ts";
import { dropoutMask, fold, key, normal, permutation, stream, threefry2x32, uniform } from "../../core/mod.ts";

Deno.test("threefry2x32() gives the published answers", () => {
  const hex = (words: readonly number[]) => words.map((word) => word.toString(16).padStart(8, "0")).join(" ");
  // Known answers of the Random123 library for Threefry-2x32 with 20 rounds.
  assertEquals(hex(threefry2x32([0, 0], [0, 0])), "6b200159 99ba4efe");
  const ones = [0xffffffff, 0xffffffff] as const;
  assertEquals(hex(threefry2x32(ones, ones)), "1cb996fc bb002be7");
  assertEquals(hex(threefry2x32([0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3])), "c4923a9c 483df7a0");
});

Deno.test("stream() gives the published sequence of xoshiro128**", () => {
  // The recurrence written out with exact integers, from the state that the stream starts in.
  const from = fold(key(3), "x");
  const state = [...threefry2x32(from.words, [5, 0]), ...threefry2x32(from.words, [5, 1])].map(BigInt);
  const mask = 0xffffffffn;
  const turn = (x: bigint, by: bigint) => ((x << by) | (x >> (32n - by))) & mask;
  const next = stream(from, 5);
  for (let i = 0; i < 100; i++) {
    let [a, b, c, d] = state as [bigint, bigint, bigint, bigint];
    assertEquals(next(), Number((turn((b * 5n) & mask, 7n) * 9n) & mask));
    const t = (b << 9n) & mask;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = turn(d, 11n);
    state.splice(0, 4, a, b, c, d);
  }
});

Deno.test("key() refuses seeds that are no whole numbers", () => {
  for (const seed of [-1, 0.5, NaN, Infinity, 2 ** 53]) assertThrows(() => key(seed), RangeError, `seed is ${seed}`);
});

Deno.test("fold() tells names, numbers and their order apart", () => {
  const from = key(1);
  const folds = [
    fold(from),
    fold(from, 1),
    fold(from, "1"),
    fold(from, 1, 2),
    fold(from, 2, 1),
    fold(from, "12"),
    fold(from, "1", "2"),
    fold(from, 2 ** 32 + 1),
    fold(from, "a"),
    fold(from, "a\0"),
    fold(key(2), 1),
  ];
  assertEquals(new Set(folds.map(({ words }) => words.join())).size, folds.length);
  assertEquals(fold(from, 1, 2), fold(fold(from, 1), 2));
  for (const odd of [0.5, NaN, Infinity]) assertThrows(() => fold(from, odd), RangeError, `Cannot fold ${odd}`);
});

Deno.test("uniform(), normal() and dropoutMask() give a row the same numbers wherever it stands", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(1e6), { minLength: 1, maxLength: 8 }), fc.nat(9), fc.nat(), (rows, per, seed) => {
      for (const draw of [uniform, normal, (...args: Parameters<typeof uniform>) => dropoutMask(...args, 0.3)]) {
        const together = draw(key(seed), rows, per);
        rows.forEach((row, i) => {
          assertEquals(together.slice(i * per, (i + 1) * per), draw(key(seed), [row], per));
        });
      }
    }),
  );
});

Deno.test("uniform() and normal() have the moments of their distributions", () => {
  const moments = (values: Float32Array) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return [mean, values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length];
  };
  const rows = Array.from({ length: 100 }, (_, row) => row);
  const [mean, variance] = moments(uniform(key(1), rows, 1000));
  assertAlmostEquals(mean!, 0.5, 0.005);
  assertAlmostEquals(variance!, 1 / 12, 0.002);
  const [zero, one] = moments(normal(key(1), rows, 1001));
  assertAlmostEquals(zero!, 0, 0.015);
  assertAlmostEquals(one!, 1, 0.02);
});

Deno.test("dropoutMask() zeroes the share that was asked for and keeps the mean", () => {
  const mask = dropoutMask(key(1), Array.from({ length: 100 }, (_, row) => row), 1001, 0.3);
  const zeros = mask.filter((value) => value === 0).length / mask.length;
  assertAlmostEquals(zeros, 0.3, 0.006);
  assertEquals(new Set(mask), new Set([0, Math.fround(1 / 0.7)]));
  assertNotEquals(mask, dropoutMask(key(2), Array.from({ length: 100 }, (_, row) => row), 1001, 0.3));
});

Deno.test("permutation() holds each number once, evenly spread", () => {
  fc.assert(fc.property(fc.nat(50), fc.nat(), (n, seed) => {
    assertEquals([...permutation(key(seed), n)].sort((a, b) => a - b), Array.from({ length: n }, (_, i) => i));
  }));
  const firsts = new Float64Array(4);
  for (let seed = 0; seed < 4000; seed++) firsts[permutation(key(seed), 4)[0]!]!++;
  for (const count of firsts) assertAlmostEquals(count, 1000, 120);
});
