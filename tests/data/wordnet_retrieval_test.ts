import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { key } from "../../core/mod.ts";
import { loadWordNet, type Synset, wordNetRetrieval } from "../../data/mod.ts";

function synset(lemmas: readonly string[], gloss: string): Synset {
  return { id: gloss, partOfSpeech: "noun", lemmas, gloss, examples: [], lexicographerFile: "noun.Tops" };
}

Deno.test("wordNetRetrieval() holds out synsets whose words and glosses are not in training", async () => {
  const synsets = await loadWordNet();
  const split = wordNetRetrieval(synsets, { key: key(3) });
  assertEquals(split.test.length, 2000);
  assert(split.train.length > 109_000 && split.train.length < 111_500, `${split.train.length} pairs`);

  // Found again by their passages, which are unique in the test part, and checked against all word forms.
  const byPair = new Map<string, Synset[]>();
  const name = (query: string, gloss: string) => `${query}\n${gloss}`;
  for (const synset of synsets) {
    const at = name(synset.lemmas[0]!.replaceAll("_", " "), synset.gloss);
    byPair.set(at, [...byPair.get(at) ?? [], synset]);
  }
  const forms = (pairs: typeof split.train) =>
    new Set(
      pairs.flatMap(({ query, passage }) =>
        byPair.get(name(query, passage))!.slice(0, 1).flatMap(({ lemmas }) =>
          lemmas.map((lemma) => lemma.toLowerCase())
        )
      ),
    );
  const held = forms(split.test);
  assert(held.size >= 2000);
  assertEquals([...forms(split.train)].filter((form) => held.has(form)), []);
  const glosses = new Set(split.test.map(({ passage }) => passage.toLowerCase()));
  assertEquals(glosses.size, 2000);
  assertEquals(new Set(split.test.map(({ query }) => query.toLowerCase())).size, 2000);
  assertEquals(split.train.filter(({ passage }) => glosses.has(passage.toLowerCase())), []);
});

Deno.test("wordNetRetrieval() depends on the key alone", () => {
  const synsets = Array.from({ length: 200 }, (_, i) => synset([`word_${i}`], `gloss ${i}`));
  const draw = (seed: number) => wordNetRetrieval(synsets, { heldOut: 20, key: key(seed) });
  assertEquals(draw(1), draw(1));
  assertNotEquals(draw(1).test, draw(2).test);
  assertEquals(draw(1).train.length, 180);
  assert(draw(1).train.every(({ query, passage }) => query.replace("word ", "gloss ") === passage));
});

Deno.test("wordNetRetrieval() drops from training what shares any word form or gloss, whatever the case", () => {
  const kin = [synset(["a", "Shared_form"], "one"), synset(["b", "shared_form"], "two"), synset(["c"], "ONE")];
  const others = Array.from({ length: 5 }, (_, i) => synset([`other${i}`], `gloss ${i}`));
  let seen = 0;
  for (let seed = 0; seed < 40; seed++) {
    const { train, test } = wordNetRetrieval([...kin, ...others], { heldOut: 1, key: key(seed) });
    if (test[0]!.query !== "a") continue;
    seen++;
    assertEquals(train.map(({ query }) => query), others.map(({ lemmas }) => lemmas[0]!));
  }
  assert(seen > 0);
});

Deno.test("wordNetRetrieval() never holds out two synsets with the same query or gloss", () => {
  const synsets = [synset(["same"], "x"), synset(["Same"], "y"), synset(["a"], "twin"), synset(["b"], "twin")];
  for (let seed = 0; seed < 10; seed++) {
    assertThrows(
      () => wordNetRetrieval(synsets, { heldOut: 3, key: key(seed) }),
      RangeError,
      "heldOut is 3, but only 2 of 4 synsets differ in query and gloss",
    );
  }
});

Deno.test("wordNetRetrieval() rejects impossible sizes", () => {
  const synsets = Array.from({ length: 5 }, (_, i) => synset([`${i}`], `gloss ${i}`));
  for (const heldOut of [0, -1, 1.5, NaN]) {
    assertThrows(() => wordNetRetrieval(synsets, { heldOut, key: key(0) }), RangeError, `heldOut is ${heldOut}`);
  }
  assertThrows(() => wordNetRetrieval(synsets, { heldOut: 6, key: key(0) }), RangeError, "only 5 of 5");
  assertThrows(() => wordNetRetrieval(synsets, { heldOut: 5, key: key(0) }), RangeError, "leaves none to train on");
});
