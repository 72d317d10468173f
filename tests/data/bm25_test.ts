import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { fc } from "../support/properties.ts";
import { bm25, words } from "../../data/mod.ts";

/** The formula as it stands, over all terms and passages. */
function naiveScore(passages: readonly string[], query: string, passage: number, k1: number, b: number): number {
  const split = passages.map(words);
  const mean = split.flat().length / split.length;
  const own = split[passage]!;
  let score = 0;
  for (const term of words(query)) {
    const n = split.filter((list) => list.includes(term)).length;
    const f = own.filter((other) => other === term).length;
    const idf = Math.log(1 + (split.length - n + 0.5) / (n + 0.5));
    if (f > 0) score += idf * f * (k1 + 1) / (f + k1 * (1 - b + b * own.length / mean));
  }
  return score;
}

const text = fc.array(fc.constantFrom("a", "b", "c", "d", "e", "f"), { maxLength: 6 }).map((list) => list.join(" "));
const corpus = fc.array(text, { minLength: 1, maxLength: 8 });

Deno.test("bm25() scores as the formula says", () => {
  const numbers = fc.tuple(fc.double({ min: 0, max: 3, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }));
  fc.assert(fc.property(corpus, text, numbers, (passages, query, [k1, b]) => {
    const scores = bm25(passages, { k1, b }).scores(query);
    assertEquals(scores.length, passages.length);
    scores.forEach((score, i) => assertAlmostEquals(score, naiveScore(passages, query, i, k1, b), 1e-9));
  }));
});

Deno.test("bm25() defaults to k1 1.5 and b 0.75", () => {
  const passages = ["x x y", "x", "z z z z"];
  const score = bm25(passages).scores("x z")[0]!;
  assertAlmostEquals(score, naiveScore(passages, "x z", 0, 1.5, 0.75), 1e-12);
});

Deno.test("bm25() ranks all passages, best first and ties in order", () => {
  fc.assert(fc.property(corpus, text, (passages, query) => {
    const index = bm25(passages);
    const scores = index.scores(query);
    const order = [...index.rank(query)];
    assertEquals(order.toSorted((x, y) => x - y), passages.map((_, i) => i));
    for (let i = 1; i < order.length; i++) {
      const [before, here] = [order[i - 1]!, order[i]!];
      assert(scores[before]! > scores[here]! || (scores[before] === scores[here] && before < here));
    }
  }));
});

Deno.test("bm25() counts ties against the query", () => {
  const index = bm25(["red fish", "red bird", "blue whale", "red fish"]);
  assertEquals([...index.ranks(["fish", "fish", "whale", "red bird", "unknown"], [0, 3, 2, 1, 2])], [2, 2, 1, 1, 4]);
  assertEquals([...index.ranks([], [])], []);
});

Deno.test("bm25() takes other terms", () => {
  const index = bm25(["abc", "xyz"], { terms: (text) => [...text] });
  assertEquals([...index.rank("zb z")], [1, 0]);
});

Deno.test("bm25() survives passages and terms that look like nothing", () => {
  assertEquals([...bm25(["", ""]).scores("x")], [0, 0]);
  assertEquals([...bm25(["constructor __proto__", "x"]).rank("constructor")], [0, 1]);
});

Deno.test("bm25() rejects impossible settings and questions", () => {
  assertThrows(() => bm25([]), RangeError, "there are none");
  for (const k1 of [-1, NaN, Infinity]) assertThrows(() => bm25(["x"], { k1 }), RangeError, `k1 is ${k1}`);
  for (const b of [-0.1, 1.1, NaN]) assertThrows(() => bm25(["x"], { b }), RangeError, `b is ${b}`);
  const index = bm25(["x", "y"]);
  assertThrows(() => index.ranks(["x"], [0, 1]), RangeError, "there are 1 queries, but 2 relevant passages");
  assertThrows(() => index.ranks(["x"], [2]), RangeError, "relevant[0] is 2, expected an integer from 0 to 1");
});
