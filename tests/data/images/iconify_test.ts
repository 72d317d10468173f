import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { iconSvg, readIconSet } from "../../../data/images/_iconify.ts";
import { rasterizer, renderer } from "../../../data/images/_rasterize.ts";
import config from "../../../deno.json" with { type: "json" };

/** Draws one icon at 6 × 6; each pixel as a letter, and `?` for any other color. */
async function drawn(icon: { body: string; left?: number; top?: number; width?: number; height?: number }) {
  const pixels = await (await rasterizer(6))(iconSvg({ icons: { icon }, width: 6, height: 6 }, "icon"));
  const letters: Record<string, string> = { "255,255,255": ".", "255,0,0": "r", "0,0,255": "b", "0,0,0": "k" };
  const letter = (pixel: number) => letters[pixels.subarray(pixel * 3, pixel * 3 + 3).join()] ?? "?";
  return Array.from({ length: 6 }, (_, y) => Array.from({ length: 6 }, (_, x) => letter(y * 6 + x)).join(""));
}

const redAndBlue = '<path fill="red" d="M0 0h3v6h-3z"/><path fill="blue" d="M3 0h3v6h-3z"/>';

Deno.test("icons are drawn on white, and black where they name no color", async () => {
  const body = '<path fill="red" d="M0 0h2v6h-2z"/><path fill="currentColor" d="M2 0h2v6h-2z"/>';
  assertEquals(await drawn({ body }), Array(6).fill("rrkk.."));
});

Deno.test("an icon that is not square keeps its shape and stands in the middle", async () => {
  const wide = '<path fill="red" d="M0 0h6v2h-6z"/>';
  assertEquals(await drawn({ body: wide, height: 2 }), ["......", "......", "rrrrrr", "rrrrrr", "......", "......"]);
  const tall = '<path fill="red" d="M0 0h2v6h-2z"/>';
  assertEquals(await drawn({ body: tall, width: 2 }), Array(6).fill("..rr.."));
});

Deno.test("an icon's own place and size go before those of its set", async () => {
  const body = '<path fill="blue" d="M10 20h3v3h-3z"/>';
  const blue = ["bbb...", "bbb...", "bbb...", "......", "......", "......"];
  assertEquals(await drawn({ body, left: 10, top: 20 }), blue);
  assertEquals(await drawn({ body, left: 10, top: 20, width: 3, height: 3 }), Array(6).fill("bbbbbb"));
  const set = { icons: { icon: { body: "" } }, left: 1, top: 2 };
  assertStringIncludes(iconSvg(set, "icon"), 'viewBox="0 0 16 16"><g transform="translate(-1 -2)">');
});

Deno.test("an icon may refer to its parts by either name of references", async () => {
  const part = '<defs><path id="a" d="M0 0h6v6h-6z"/></defs>';
  for (const href of ["href", "xlink:href"]) {
    assertEquals(await drawn({ body: `${part}<use ${href}="#a" fill="red"/>` }), Array(6).fill("rrrrrr"), href);
  }
});

Deno.test("a pixel that is covered in part has the mean color", async () => {
  const draw = await rasterizer(1);
  const body = '<path fill="red" d="M0 0h4v16h-4z"/>';
  const [red, green, blue] = await draw(iconSvg({ icons: { icon: { body } } }, "icon"));
  assertEquals([red, Math.round(green! / 4), Math.round(blue! / 4)], [255, 48, 48]);
});

Deno.test("what cannot be drawn is an error, and the next drawing does not suffer", async () => {
  const draw = await rasterizer(4);
  const svg = iconSvg({ icons: { icon: { body: redAndBlue } } }, "icon");
  const before = await draw(svg);
  await assertRejects(() => draw("<svg"), Error);
  await assertRejects(() => draw(iconSvg({ icons: { icon: { body: "<g>" } } }, "icon")), Error);
  await assertRejects(() => draw(iconSvg({ icons: { icon: { body: "" } } }, "icon")), Error, "nothing is seen");
  assertEquals(await draw(svg), before);
});

Deno.test("the renderer's version is the one that is installed", () => {
  assertEquals(config.imports["@napi-rs/canvas"], `npm:${renderer.replace(" ", "@")}`);
});

Deno.test("readIconSet() names the package that it cannot read", async () => {
  await assertRejects(
    () => readIconSet({ name: "", version: "" }),
    Error,
    "Cannot read the icons of npm:@iconify-json/@: ",
  );
});
