import { assertEquals, assertRejects } from "@std/assert";
import { withoutSkinTones } from "../../../data/images/_concepts.ts";
import { type Collection, loadDrawn } from "../../../data/images/_drawn_sets.ts";
import { emojiFamilies } from "../../../data/images/emoji_families.ts";
import { loadEmoji } from "../../../data/images/emoji.ts";
import { iconSets } from "./_icon_sets.ts";

const { sources, read, reads } = iconSets({
  "noto": { cow: "red", ant: "lime", "ant-dark-skin-tone": "black", bee: "blue", dog: "broken" },
  "fluent-flat": { ant: "red", cow: "lime", "ant-dark": "black", dog: "red" },
  "fluent-high": { ant: "blue", cow: "blue", bee: "red" },
});

const collection: Collection = {
  title: "emoji",
  revision: 1,
  sources,
  drawings: 2,
  download: "nothing",
  choose: withoutSkinTones,
};

async function withFolder(run: (cache: string) => Promise<void>): Promise<void> {
  const cache = await Deno.makeTempDir();
  try {
    await run(cache);
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}

Deno.test("drawn sets have a class for each concept, an origin for each artist, and names of both", () =>
  withFolder(async (cache) => {
    const lines: string[] = [];
    const set = await loadDrawn(collection, { size: 2, cache, log: (line) => lines.push(line) }, read);
    assertEquals([set.examples, set.height, set.width, set.channels], [8, 2, 2, 3]);
    // `dog` has but one drawing left, and no other class may stand for it.
    assertEquals(set.classes, ["ant", "bee", "cow"]);
    assertEquals(set.sources, ["noto", "fluent"]);
    assertEquals(
      set.names,
      "noto/ant fluent-flat/ant fluent-high/ant noto/bee fluent-high/bee noto/cow fluent-flat/cow fluent-high/cow"
        .split(" "),
    );
    assertEquals([...set.labels], [0, 0, 0, 1, 1, 2, 2, 2]);
    assertEquals([...set.origins], [0, 1, 1, 0, 1, 0, 1, 1]);
    const colors = { red: [255, 0, 0], lime: [0, 255, 0], blue: [0, 0, 255] };
    const expected = (["lime", "red", "blue", "blue", "red", "red", "lime", "blue"] as const).map((name) =>
      colors[name]
    );
    assertEquals([...set.pixels], expected.flatMap((color) => Array(4).fill(color).flat()));
    assertEquals(lines, [
      "Drawing emoji; this is done once, and downloads nothing unless they are there",
      "Left out noto/dog, which cannot be drawn: Invalid SVG image",
    ]);
  }));

Deno.test("drawn sets are drawn once for each size, number of drawings and version", () =>
  withFolder(async (cache) => {
    const load = async (changes: Partial<Collection>, options: { size?: number; drawings?: number } = {}) => {
      reads.length = 0;
      const set = await loadDrawn({ ...collection, ...changes }, { size: 2, cache, ...options }, read);
      return { set, reads: reads.length };
    };
    const first = await load({});
    assertEquals(first.reads, 3);
    assertEquals(await load({}), { ...first, reads: 0 });
    assertEquals((await load({}, { drawings: 3 })).set.classes, ["ant", "cow"]);
    assertEquals((await load({}, { size: 3 })).reads, 3);
    assertEquals((await load({ revision: 2 })).reads, 3);
    assertEquals((await load({ sources: sources.map((source) => ({ ...source, version: "1.0.1" })) })).reads, 3);
    // None of them took another's place.
    assertEquals((await load({})).reads, 0);
  }));

Deno.test("withoutSkinTones() leaves out tones as all sets write them, and nothing else", () => {
  const names = [
    ["ear", "ear-dark-skin-tone", "ear-tone4", "vertical-traffic-light", "black-medium-square", "light-bulb"],
    ["ear", "ear-medium-light", "ear-dark", "palm", "palm-light", "stone", "medium"],
  ];
  assertEquals(withoutSkinTones(names).map(({ set, icon }) => `${set} ${icon}`), [
    "0 ear",
    "0 vertical-traffic-light",
    "0 black-medium-square",
    "0 light-bulb",
    "1 ear",
    "1 palm",
    "1 stone",
    "1 medium",
  ]);
});

Deno.test("loadEmoji() refuses options that are out of range before it fetches anything", async () => {
  for (const size of [0, 1.5, 1025, NaN]) {
    await assertRejects(
      () => loadEmoji({ size }),
      RangeError,
      `Cannot load emoji: size is ${size}, expected an integer`,
    );
  }
  await assertRejects(
    () => loadEmoji({ drawings: 11 }),
    RangeError,
    "drawings is 11, expected an integer from 1 to 10",
  );
});

Deno.test("emojiFamilies() joins variants of one drawing and nothing else", () => {
  const families = [
    "pilot man-pilot woman-pilot",
    "person-running woman-running-facing-right",
    "one-oclock twelve-thirty",
    "full-moon last-quarter-moon-face",
    "flag-for-france white-flag crossed-flags",
    "closed-mailbox-with-raised-flag open-mailbox-with-lowered-flag",
    "keycap-1 keycap-asterisk",
    "red-heart light-blue-heart",
    "white-large-square brown-square black-medium-small-square",
    "man woman person old-woman boy",
    "kiss-man-man kiss-woman-woman",
    "left-arrow up-down-arrow",
    "kiss-mark",
    "heart-on-fire",
    "moon-cake",
    "person-in-bed",
    "bed",
    "horse",
    "horse-racing",
    "arrow-curving",
  ].map((line) => line.split(" "));
  assertEquals(
    [...emojiFamilies(families.flat())],
    families.flatMap((family, number) => family.map(() => number)),
  );
});
