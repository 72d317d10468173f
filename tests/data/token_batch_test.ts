import { assertEquals, assertThrows } from "@std/assert";
import { fc } from "../support/properties.ts";
import { inverseDocumentFrequency, subwordHasher, tokenBatch, tokenTable, words } from "../../data/mod.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";

/** Numbers the words of a small language, so that ids can be read. */
const counting = (vocabularySize: number) => ({ vocabularySize, encode: (text: string) => words(text).map(Number) });

engineTest("tokenBatch() pads and cuts lists to the length", () => {
  const { ids, mask } = assertNewTensors(2, () => tokenBatch([[1, 2, 3, 4], [5], []], { length: 3 }));
  assertEquals(ids.dtype, "int32");
  assertEquals(mask.dtype, "float32");
  assertEquals(ids.arraySync(), [[1, 2, 3], [5, 0, 0], [0, 0, 0]]);
  assertEquals(mask.arraySync(), [[1, 1, 1], [1, 0, 0], [0, 0, 0]]);
  ids.dispose();
  mask.dispose();
});

engineTest("tokenBatch() is as long as the longest list if no length is given, and at least one column wide", () => {
  for (const [lists, length] of [[[[1], [2, 3]], 2], [[[], []], 1]] as const) {
    const { ids, mask } = tokenBatch(lists);
    assertEquals(ids.shape, [2, length]);
    assertEquals(mask.shape, [2, length]);
    ids.dispose();
    mask.dispose();
  }
});

engineTest("tokenBatch() is no longer than maxLength and no longer than the longest list", () => {
  for (const [maxLength, length] of [[2, 2], [9, 3]] as const) {
    const { ids, mask } = tokenBatch([[1], [2, 3, 4]], { maxLength });
    assertEquals(ids.shape, [2, length]);
    ids.dispose();
    mask.dispose();
  }
  assertThrows(() => tokenBatch([[1]], { maxLength: 0 }), RangeError, "maxLength is 0");
});

engineTest("tokenBatch() puts weights into the mask", () => {
  const { ids, mask } = tokenBatch([[2, 1], [1]], { weights: [9, 0.5, 2] });
  assertEquals(mask.arraySync(), [[2, 0.5], [0.5, 0]]);
  ids.dispose();
  mask.dispose();
});

engineTest("tokenBatch() rejects impossible input and leaves no tensor behind", () => {
  assertNewTensors(0, () => {
    for (const length of [0, -1, 1.5, NaN]) {
      assertThrows(
        () => tokenBatch([[1]], { length }),
        RangeError,
        `length is ${length}, expected an integer of at least 1`,
      );
    }
    assertThrows(() => tokenBatch([]), RangeError, "there is no text");
    assertThrows(
      () => tokenBatch([[1], [3]], { weights: [1, 1, 1] }),
      RangeError,
      "text 1 has token id 3, but there are 3 weights",
    );
  });
});

engineTest("tokenTable() cuts the batches that tokenising again would give", () => {
  const tokenizer = subwordHasher({ rows: 500 });
  const text = fc.string({ maxLength: 20 });
  const corpus = fc.array(text, { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(corpus, fc.infiniteStream(fc.nat()), fc.integer({ min: 1, max: 30 }), (texts, picks, length) => {
      const chosen = [...picks.take(5)].map((pick) => pick % texts.length);
      const table = tokenTable(tokenizer, texts);
      const actual = assertNewTensors(2, () => table.batch(Int32Array.from(chosen), { length }));
      const expected = tokenBatch(chosen.map((i) => tokenizer.encode(texts[i]!)), { length });
      for (const name of ["ids", "mask"] as const) {
        assertEquals(actual[name].arraySync(), expected[name].arraySync());
        actual[name].dispose();
        expected[name].dispose();
      }
    }),
    { numRuns: 30 },
  );
});

Deno.test("tokenTable() holds ids of small and large vocabularies", () => {
  for (const size of [2 ** 16, 2 ** 16 + 1, 2 ** 24]) {
    const table = tokenTable(counting(size), ["", `${size - 1} 1`, "7"]);
    assertEquals(table.examples, 3);
    assertEquals(table.vocabularySize, size);
    assertEquals([0, 1, 2].map((i) => [...table.tokens(i)]), [[], [size - 1, 1], [7]]);
  }
});

Deno.test("tokenTable() rejects ids outside the vocabulary and examples outside the table", () => {
  assertThrows(
    () => tokenTable(counting(10), ["1", "10"]),
    RangeError,
    "text 1: a token's id is 10, expected an integer from 0 to 9",
  );
  assertThrows(() => tokenTable(counting(10), ["x"]), RangeError, "a token's id is NaN");
  const table = tokenTable(counting(10), ["1", "2"]);
  for (const example of [-1, 2, 0.5, NaN]) {
    assertThrows(() => table.tokens(example), RangeError, `example is ${example}, expected an integer from 0 to 1`);
    assertThrows(() => table.batch([0, example]), RangeError, `example is ${example}`);
  }
  assertThrows(() => table.batch([]), RangeError, "there is no text");
});

Deno.test("inverseDocumentFrequency() counts each text once a token", () => {
  const table = tokenTable(counting(4), ["1 1 1", "1 2", "2 1", "1"]);
  const idf = (n: number) => Math.log(1 + (4 - n + 0.5) / (n + 0.5));
  assertClose(inverseDocumentFrequency(table), [0, 4, 2, 0].map(idf), 1e-6);
});
