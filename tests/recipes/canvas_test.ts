import { assert, assertEquals, assertRejects } from "@std/assert";
import { createCanvas } from "../../recipes/runner/canvas.ts";
import { LETTER_ROWS, LETTER_WIDTH, letterPixels } from "../../recipes/runner/pixel_font.ts";
import { encodePng } from "../../recipes/runner/png.ts";
import { wrap } from "../../recipes/runner/wrap.ts";
import { fc } from "../support/properties.ts";
import { readPng } from "./_png.ts";

Deno.test("encodePng() writes what another reader reads back, for every size and content", async () => {
  const sizes = fc.record({ width: fc.integer({ min: 1, max: 40 }), height: fc.integer({ min: 1, max: 40 }) });
  const property = fc.asyncProperty(sizes, fc.nat(), async ({ width, height }, seed) => {
    const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * i * 31 + i * seed) >> 3);
    const read = readPng(await encodePng({ width, height, pixels }));
    assertEquals([read.width, read.height], [width, height]);
    assertEquals(read.pixels, pixels);
  });
  await fc.assert(property, { numRuns: 40 });
  for (const [width, height, count] of [[2, 2, 11], [0, 3, 0], [3, 0, 0]] as const) {
    const picture = { width, height, pixels: new Uint8Array(count) };
    await assertRejects(() => encodePng(picture), RangeError, `${width} × ${height} has ${count} numbers`);
  }
});

Deno.test("a canvas enlarges pixels to squares, spreads grey over all colors, and cuts off what lies outside", async () => {
  const canvas = createCanvas(7, 5, "#ffffff");
  canvas.fill({ x: -2, y: 3, width: 4, height: 9 }, "#0072b2");
  const color = { height: 1, width: 2, channels: 3, pixels: Uint8Array.of(9, 9, 9, 9, 9, 9, 1, 2, 3, 4, 5, 6) };
  canvas.image({ x: 1, y: 0 }, color, 1, 2);
  canvas.image({ x: 5, y: 3 }, { height: 1, width: 1, channels: 1, pixels: Uint8Array.of(128) }, 0, 4);
  const { at } = readPng(await encodePng(canvas));
  const drawn = Array.from({ length: 5 }, (_, y) => Array.from({ length: 7 }, (_, x) => at(x, y)));
  const [w, b, p, q, g] = ["#ffffff", "#0072b2", "#010203", "#040506", "#808080"];
  assertEquals(drawn, [
    [w, p, p, q, q, w, w],
    [w, p, p, q, q, w, w],
    [w, w, w, w, w, w, w],
    [b, b, w, w, w, g, g],
    [b, b, w, w, w, g, g],
  ]);
});

Deno.test("letters are all there, within their cell, and no two alike", () => {
  const letters = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
  const drawings = letters.map((letter) => JSON.stringify(letterPixels(letter)));
  assertEquals(new Set(drawings).size, letters.length);
  const box = JSON.stringify(letterPixels("漢"));
  assert(!drawings.includes(box));
  for (const letter of letters) {
    for (const [x, y] of letterPixels(letter)) assert(x >= 0 && x < LETTER_WIDTH - 1 && y >= 0 && y < LETTER_ROWS);
  }
  assertEquals(letterPixels(" "), []);
  assertEquals(letterPixels("é"), letterPixels("e"));
  assertEquals(letterPixels("-"), [[0, 3], [1, 3], [2, 3], [3, 3], [4, 3]]);
});

Deno.test("wrap() breaks behind hyphens and at spaces, and within words that are too long", () => {
  assertEquals(wrap("person-in-steamy-room", 12, 3), ["person-in-", "steamy-room"]);
  assertEquals(wrap("person-in-steamy-room", 12, 3, 4), ["person-", "in-steamy-", "room"]);
  assertEquals(wrap("red heart", 12, 3), ["red heart"]);
  assertEquals(wrap("red heart", 5, 3), ["red", "heart"]);
  assertEquals(wrap("Donaudampfschiff", 6, 3), ["Donaud", "ampfsc", "hiff"]);
  assertEquals(wrap("Donaudampfschiff", 6, 2), ["Donaud", "ampfs…"]);
  assertEquals(wrap("", 6, 2), []);
});

Deno.test("wrap() keeps all letters in order, in lines that are short enough", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "-", " ", "_", "é"), maxLength: 40 });
  fc.assert(fc.property(text, fc.integer({ min: 2, max: 12 }), fc.nat(1), (text, columns, indent) => {
    const letters = (value: string) => value.replaceAll(" ", "");
    const lines = wrap(text, columns, 100, indent);
    assertEquals(letters(lines.join("")), letters(text));
    lines.forEach((line, i) => assert(line.length > 0 && line.length <= columns - (i === 0 ? indent : 0)));
    assert(wrap(text, columns, 2, indent).length <= 2);
  }));
});
