import { assert, assertEquals, assertRejects } from "@std/assert";
import { contactSheet, type ContactSheetOptions } from "../../recipes/runner/contact_sheet.ts";
import { createRunFolder } from "../../recipes/runner/run_folder.ts";
import { colorImages, colorOf } from "./_color_images.ts";
import { type ReadPicture, readPng } from "./_png.ts";
import { withFolder } from "./support.ts";

const [GREEN, ORANGE] = ["#009e73", "#d55e00"];

const images = colorImages([0, 0, 0, 0, 0], [0, 0, 0, 0, 0]);

const base: ContactSheetOptions = {
  title: "Nearest neighbors",
  images,
  rows: [
    { query: { row: 0 }, found: [{ row: 1, right: true }, { row: 2, right: false }] },
    { query: { row: 3 }, found: [{ row: 4, right: false }] },
  ],
};

/** The smallest box around all pixels of a color, as left, top, right, bottom, and how many there are. */
function boxOf(picture: ReadPicture, color: string): { box: [number, number, number, number]; count: number } {
  const box: [number, number, number, number] = [Infinity, Infinity, -1, -1];
  let count = 0;
  for (let y = 0; y < picture.height; y++) {
    for (let x = 0; x < picture.width; x++) {
      if (picture.at(x, y) !== color) continue;
      count++;
      box[0] = Math.min(box[0], x);
      box[1] = Math.min(box[1], y);
      box[2] = Math.max(box[2], x + 1);
      box[3] = Math.max(box[3], y + 1);
    }
  }
  return { box, count };
}

Deno.test("contactSheet() draws each image whole, in rows and columns, at its scale", async () => {
  for (const [scale, side] of [[undefined, 64], [1, 8], [3, 24]] as const) {
    const sheet = readPng(await contactSheet({ ...base, ...(scale !== undefined && { scale }) }));
    const boxes = [0, 1, 2, 3, 4].map((row) => {
      const { box, count } = boxOf(sheet, colorOf(row));
      assertEquals([box[2] - box[0], box[3] - box[1], count], [side, side, side * side]);
      return box;
    });
    const [lefts, tops] = [boxes.map(([left]) => left), boxes.map(([, top]) => top)];
    assertEquals([lefts[3], lefts[4]], [lefts[0], lefts[1]]);
    assert(lefts[0]! < lefts[1]! && lefts[1]! < lefts[2]!);
    assertEquals(new Set(tops.slice(0, 3)).size, 1);
    assertEquals(tops[3], tops[4]);
    assert(tops[3]! >= tops[0]! + side);
  }
});

Deno.test("contactSheet() tells right from wrong by frame and by mark, and the query from both", async () => {
  const sheet = readPng(await contactSheet(base));
  for (const [row, color] of [[0, "#999999"], [1, GREEN], [2, ORANGE], [3, "#999999"], [4, ORANGE]] as const) {
    const { box: [left, top, right, bottom] } = boxOf(sheet, colorOf(row));
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    const around = (by: number) => [[left - by, y], [right + by - 1, y], [x, top - by], [x, bottom + by - 1]] as const;
    const width = color === "#999999" ? 1 : 4;
    for (const [x, y] of [...around(1), ...around(width)]) assertEquals(sheet.at(x, y), color);
    for (const [x, y] of around(width + 1)) assertEquals(sheet.at(x, y), "#ffffff");
  }
  // The marks differ without their color: where they are white inside.
  const marks = [1, 2].map((row) => {
    const { box: [left, , , bottom] } = boxOf(sheet, colorOf(row));
    const square = Array.from(
      { length: 11 * 11 },
      (_, i) => sheet.at(left - 4 + i % 11, bottom + 7 + Math.floor(i / 11)),
    );
    return square.map((color) => color === "#ffffff");
  });
  const inside = marks.map((mark) => mark.filter(Boolean).length);
  assert(inside.every((count) => count >= 10 && count <= 40), `white pixels: ${inside}`);
  assert(marks[0]!.filter((white, i) => white !== marks[1]![i]).length > 10);
});

Deno.test("contactSheet() writes captions below their images, and makes room for long ones", async () => {
  const caption = (row: number, text: string) => ({ ...base.rows[row]!.query, caption: text });
  const plain = readPng(await contactSheet(base));
  const short = readPng(
    await contactSheet({ ...base, rows: [{ ...base.rows[0]!, query: caption(0, "key") }, base.rows[1]!] }),
  );
  assertEquals([short.width, short.height], [plain.width, plain.height]);
  const { box: [left, , , bottom] } = boxOf(short, colorOf(0));
  const below = (picture: ReadPicture) => {
    let ink = 0;
    for (let y = bottom + 5; y < bottom + 20; y++) {
      for (let x = left - 4; x < left + 68; x++) if (picture.at(x, y) === "#222222") ink++;
    }
    return ink;
  };
  assertEquals([below(plain), below(short) > 20], [0, true]);
  const long = caption(0, "woman-getting-haircut-with-a-very-long-name");
  const high = readPng(await contactSheet({ ...base, rows: [{ ...base.rows[0]!, query: long }, base.rows[1]!] }));
  assertEquals(high.height, plain.height + 2 * 11);
  assertEquals(boxOf(high, colorOf(3)).box[1], boxOf(plain, colorOf(3)).box[1] + 2 * 11);
  const title = readPng(await contactSheet({ ...base, title: "x".repeat(100), subtitle: "one line more" }));
  assert(title.width > 600 && title.height > plain.height);
});

Deno.test("contactSheet() draws the same bytes each time, and a query for which nothing was found", async () => {
  assertEquals(await contactSheet(base), await contactSheet(base));
  const alone = readPng(await contactSheet({ ...base, rows: [{ query: { row: 2 }, found: [] }] }));
  assertEquals(boxOf(alone, colorOf(2)).count, 64 * 64);
});

Deno.test("contactSheet() names what does not fit", async () => {
  const attempts: [Partial<ContactSheetOptions>, string][] = [
    [{ rows: [] }, "there are no rows"],
    [{ scale: 0 }, "scale is 0, expected an integer of at least 1"],
    [{ scale: 1.5 }, "scale is 1.5"],
    [{ rows: [{ query: { row: 5 }, found: [] }] }, "a row is 5, expected one of 5 images"],
    [{ rows: [{ query: { row: 0 }, found: [{ row: -1, right: true }] }] }, "a row is -1"],
  ];
  for (const [options, message] of attempts) {
    await assertRejects(() => contactSheet({ ...base, ...options }), RangeError, `Cannot draw a sheet: ${message}`);
  }
});

Deno.test("image() writes figures/<name>.png whole, inside the run folder", () =>
  withFolder(async (parent) => {
    const run = createRunFolder({ recipe: "toy", parent });
    const png = await contactSheet(base);
    run.image("gallery", png.subarray(0, 100));
    run.image("gallery", png);
    assertEquals(Deno.readFileSync(`${run.path}/figures/gallery.png`), png);
    assertEquals([...Deno.readDirSync(`${run.path}/figures`)].map(({ name }) => name), ["gallery.png"]);
    for (const name of ["../up", "a/b", "", ".hidden"]) {
      await assertRejects(async () => await run.image(name, png), TypeError, "expected the plain name");
    }
    run.close();
  }));
