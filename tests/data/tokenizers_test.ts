import { assert, assertEquals, assertThrows } from "@std/assert";
import { fc } from "../support/properties.ts";
import { bertTokenizer, subwordHasher, words } from "../../data/mod.ts";

Deno.test("words() are runs of letters, marks and digits in lower case", () => {
  assertEquals(words("  Don't STOP, 3-year-old Café!"), ["don", "t", "stop", "3", "year", "old", "café"]);
  assertEquals(words("नमस्ते दुनिया"), ["नमस्ते", "दुनिया"]);
  assertEquals(words("... --"), []);
});

Deno.test("bertTokenizer() gives BERT's own ids", async () => {
  const tokenizer = await bertTokenizer();
  assertEquals(tokenizer.vocabularySize, 30522);
  assertEquals(tokenizer.encode("the"), [1996]);
  assertEquals(tokenizer.encode("Hello, world!"), [7592, 1010, 2088, 999]);
  assertEquals(tokenizer.encode("contrastive learning of representations"), [5688, 3512, 4083, 1997, 15066]);
  assertEquals(tokenizer.encode("Café"), tokenizer.encode("cafe"));
  assertEquals(tokenizer.encode(""), []);
  assertEquals(tokenizer.encode("\u{1F9F6}"), [100], "an unknown character is [UNK]");
});

Deno.test("bertTokenizer() keeps ids between padding and vocabulary size", async () => {
  const { encode, vocabularySize } = await bertTokenizer();
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => encode(text).every((id) => id > 0 && id < vocabularySize)),
  );
});

Deno.test("subwordHasher() gives one id a word and one an n-gram of the word between angle brackets", () => {
  const rows = 2 ** 30;
  const { encode } = subwordHasher({ rows });
  const grams = new Set(encode("where"));
  // where, <wh whe her ere re>, <whe wher here ere>, <wher where here>
  assertEquals(encode("where").length, 1 + 5 + 4 + 3);
  assertEquals(grams.size, 13);
  assertEquals(
    encode("her").filter((id) => grams.has(id)).length,
    1,
    "of her, <he her er> and so on only the n-gram her",
  );
  assertEquals(
    encode("wherever").filter((id) => grams.has(id)).length,
    9,
    "<wh whe her ere, <whe wher here, <wher where",
  );
});

Deno.test("subwordHasher() encodes words one by one, whatever stands between them", () => {
  const { encode } = subwordHasher();
  const word = fc.stringMatching(/^[a-z]{1,12}$/);
  fc.assert(fc.property(fc.array(word), (list) => {
    assertEquals(encode(` ${list.join(", ").toUpperCase()}.`), list.flatMap(encode));
  }));
});

Deno.test("subwordHasher() keeps ids between padding and rows, for any rows and n-grams", () => {
  const lengths = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 4 }));
  fc.assert(fc.property(
    fc.string({ unit: "grapheme" }),
    fc.integer({ min: 2, max: 2 ** 31 }),
    lengths,
    (text, rows, [shortest, more]) => {
      const { encode, vocabularySize } = subwordHasher({ rows, ngrams: [shortest, shortest + more] });
      assertEquals(vocabularySize, rows);
      assert(encode(text).every((id) => Number.isInteger(id) && id > 0 && id < rows));
    },
  ));
});

Deno.test("subwordHasher() spreads words evenly over the rows", () => {
  const rows = 257;
  const { encode } = subwordHasher({ rows, ngrams: [30, 30] });
  const counts = new Float64Array(rows);
  const total = 25_600;
  for (let i = 0; i < total; i++) {
    const [id, ...rest] = encode(`w${i.toString(36)}`);
    assertEquals(rest, []);
    counts[id!]!++;
  }
  assertEquals(counts[0], 0);
  // Chi-squared with 255 degrees of freedom: mean 255, standard deviation 22.6.
  const chiSquared = counts.slice(1).reduce((sum, count) => sum + (count - total / 256) ** 2 / (total / 256), 0);
  assert(chiSquared > 255 - 5 * 22.6 && chiSquared < 255 + 5 * 22.6, `chi-squared is ${chiSquared}`);
});

Deno.test("subwordHasher() rejects impossible rows and n-grams", () => {
  for (const rows of [0, 1, -5, 2.5, NaN, 2 ** 32]) {
    assertThrows(() => subwordHasher({ rows }), RangeError, `rows is ${rows}`);
  }
  for (const ngrams of [[0, 3], [5, 3], [1.5, 3], [3, NaN]] as const) {
    assertThrows(() => subwordHasher({ ngrams }), RangeError, `ngrams is [${ngrams.join(", ")}]`);
  }
});
