import { assert, assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { inflateSync } from "node:zlib";
import { type MatValue, readMat } from "../../../data/images/published/_mat.ts";

const compressed = await Deno.readFile(new URL("../../fixtures/images/cars_annos.mat", import.meta.url));

/** The same file with its parts not compressed. */
function plainFile(): Uint8Array {
  const parts: Uint8Array[] = [compressed.subarray(0, 128)];
  const view = new DataView(compressed.buffer);
  for (let at = 128; at < compressed.length;) {
    const size = view.getUint32(at + 4, true);
    parts.push(inflateSync(compressed.subarray(at + 8, at + 8 + size)));
    at += 8 + size;
  }
  return new Uint8Array(Buffer.concat(parts));
}

function structs(value: MatValue | undefined) {
  assert(typeof value === "object" && "structs" in value);
  return value.structs;
}

for (const [kind, file] of [["compressed", compressed], ["plain", plainFile()]] as const) {
  Deno.test(`readMat() reads structs, cells, texts and numbers, ${kind}`, async () => {
    const { annotations, class_names, ...others } = await readMat(file, ["annotations", "class_names"]);
    assertEquals(others, {});
    assertEquals(structs(annotations).map(({ relative_im_path }) => relative_im_path), [
      "car_ims/000001.png",
      "car_ims/000002.png",
      "car_ims/000003.png",
      "car_ims/000004.png",
      "car_ims/000005.png",
    ]);
    // Five types of numbers.
    assertEquals(structs(annotations).map((struct) => struct.class), [[1], [98], [99], [196], [1]]);
    assertEquals(Object.keys(structs(annotations)[0]!), [
      "relative_im_path",
      "bbox_x1",
      "bbox_y1",
      "bbox_x2",
      "bbox_y2",
      "class",
      "test",
    ]);
    assert(typeof class_names === "object" && "cells" in class_names);
    assertEquals([class_names.cells.length, class_names.cells[195]], [196, "Maker Model 196 Coupé"]);
    assertEquals((await readMat(file, ["unused"])).unused, [1, 0, 0, 0, 1, 0, 0, 0, 1]);
  });

  Deno.test(`readMat() tells a file that is cut off, ${kind}`, async () => {
    const length = file.length;
    for (const end of [130, 300, Math.floor(length / 2), length - 9]) {
      await assertRejects(() => readMat(file.subarray(0, end), ["annotations", "class_names"]), SyntaxError);
    }
  });
}

Deno.test("readMat() refuses what is no such file", async () => {
  const refuses = async (file: Uint8Array, message: string) => {
    await assertRejects(() => readMat(file, ["annotations"]), SyntaxError, message);
  };
  await refuses(new Uint8Array(10), "it is no MATLAB file of level 5");
  await refuses(compressed.with(124, 0).with(125, 2), "it is no MATLAB file of level 5");
  await refuses(compressed.with(200, compressed[200]! ^ 255), "a compressed part cannot be read");
  await refuses(
    Uint8Array.from([...compressed.subarray(0, 128), 6, 0, 9, 0, 0, 0, 0, 0, ...new Uint8Array(8)]),
    "cut off or damaged",
  );
  assertEquals(await readMat(compressed.slice(0, 128), ["annotations"]), {});
});

/** An element with its tag, filled up to a multiple of 8 bytes; in short form where it fits. */
function element(type: number, data: ArrayLike<number>): number[] {
  const bytes = Array.from(data);
  const uint32 = (value: number) => [0, 8, 16, 24].map((shift) => value >>> shift & 255);
  const small = bytes.length > 0 && bytes.length <= 4;
  const content = [...(small ? [type, 0, bytes.length, 0] : [...uint32(type), ...uint32(bytes.length)]), ...bytes];
  return [...content, ...Array.from({ length: -content.length & 7 }, () => 0)];
}

const int32 = (...values: number[]) => new Uint8Array(Int32Array.from(values).buffer);
const matrix = (arrayClass: number, columns: number, name: string, ...contents: number[][]) =>
  element(14, [
    ...element(6, int32(arrayClass, 0)),
    ...element(5, int32(1, columns)),
    ...element(1, new TextEncoder().encode(name)),
    ...contents.flat(),
  ]);

Deno.test("readMat() reads what MATLAB writes: 16-bit text, and doubles in few bytes", async () => {
  const text = (value: string) => element(4, Array.from(value).flatMap((letter) => [letter.charCodeAt(0), 0]));
  const names = new TextEncoder().encode("path\0\0\0\0class\0\0\0");
  const file = Uint8Array.from([
    ...compressed.subarray(0, 128),
    ...matrix(
      2,
      2,
      "annotations",
      element(5, int32(8)),
      element(1, names),
      ...[matrix(4, 1, "", text("a")), matrix(6, 1, "", element(2, [98]))],
      ...[matrix(4, 5, "", text("b.jpg")), element(14, [])],
    ),
  ]);
  assertEquals((await readMat(file, ["annotations"])).annotations, {
    structs: [{ path: "a", class: [98] }, { path: "b.jpg", class: [] }],
  });
});
