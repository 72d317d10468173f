import { assert, assertEquals, assertThrows } from "@std/assert";
import { fc } from "../support/properties.ts";
import { z } from "zod";
import { toJson } from "../../recipes/runner/json.ts";
import { configKeys, schemaOf } from "../../recipes/runner/keys.ts";
import { editDistance, nearest, suggestion } from "../../recipes/runner/nearest.ts";
import { applySetting, merge, parseSetting } from "../../recipes/runner/settings.ts";
import { formatTable } from "../../recipes/runner/table.ts";

Deno.test("editDistance() counts insertions, deletions, replacements and swaps", () => {
  assertEquals(editDistance("rate", "rates"), 1);
  assertEquals(editDistance("rate", "raet"), 1);
  assertEquals(editDistance("kitten", "sitting"), 3);
  const word = fc.string({ maxLength: 8 });
  fc.assert(fc.property(word, word, (a, b) => {
    assertEquals(editDistance(a, b), editDistance(b, a));
    assertEquals(editDistance(a, b) === 0, a === b);
    assert(editDistance(a, b) <= Math.max(a.length, b.length));
  }));
});

Deno.test("nearest() finds what was meant, and nothing for what is far off", () => {
  const names = ["chunkSize", "batchSize", "model.width", "rate"];
  assertEquals(nearest("chunksize", names), "chunkSize");
  assertEquals(nearest("bacthSize", names), "batchSize");
  assertEquals(nearest("width", names), "model.width");
  assertEquals(nearest("elephant", names), undefined);
  assertEquals(suggestion("elephant", names), "; there are chunkSize, batchSize, model.width, rate");
  assertEquals(suggestion("elephant", []), "");
});

Deno.test("parseSetting() reads YAML scalars and lists", () => {
  const value = (text: string): unknown => parseSetting(`a.b=${text}`).value;
  assertEquals(parseSetting("a.b=1").path, ["a", "b"]);
  assertEquals(["1e-3", "-2", "true", "adam", "'7'", "", "[1, two]", "a=b"].map(value), [
    1e-3,
    -2,
    true,
    "adam",
    "7",
    null,
    [1, "two"],
    "a=b",
  ]);
});

Deno.test("merge() and applySetting() replace values and lists, merge groups, and leave their arguments alone", () => {
  const values = { a: 1, list: [1, 2], group: { x: 1, y: 2 } };
  const copy = structuredClone(values);
  assertEquals(merge(values, { list: [3], group: { y: 5 }, b: undefined }), { a: 1, list: [3], group: { x: 1, y: 5 } });
  assertEquals(applySetting(values, { path: ["group", "z"], value: 3 }).group, { x: 1, y: 2, z: 3 });
  assertEquals(applySetting(values, { path: ["new", "z"], value: 3 }), { ...values, new: { z: 3 } });
  assertThrows(() => applySetting(values, { path: ["list", "0"], value: 3 }), Error, "list.0 is no key, list is [1,2]");
  assertEquals(values, copy);
});

Deno.test("configKeys() says what each kind of value may be", () => {
  const schema = z.strictObject({
    a: z.int().min(1).max(8),
    b: z.number().positive(),
    c: z.number().min(0).max(1),
    d: z.array(z.number()).length(2),
    e: z.record(z.string(), z.int()),
    f: z.literal("on"),
    g: z.int().multipleOf(8).nullable(),
    h: z.tuple([z.int(), z.boolean()]),
    i: z.number().max(0).default(-1),
  });
  assertEquals(configKeys(schemaOf(schema)).map(({ name, expected }) => `${name}: ${expected}`), [
    "a: an integer from 1 to 8",
    "b: a number above 0",
    "c: a number in [0, 1]",
    "d: a list of 2, each item a number",
    "e: a group of keys, each an integer",
    'f: "on"',
    "g: an integer, a multiple of 8 or null",
    "h: a list of an integer and true or false",
    "i: a number of at most 0",
  ]);
  assertEquals(configKeys(schemaOf(schema)).at(-1)!.fallback, -1);
});

Deno.test("toJson() keeps what plain JSON loses", () => {
  assertEquals(
    toJson({ a: NaN, b: [-Infinity], c: new Int32Array([1, 2]), d: 3n, e: undefined }),
    '{"a":"NaN","b":["-Infinity"],"c":[1,2],"d":"3"}',
  );
  assertThrows(() => toJson(() => 1), TypeError, "Cannot write function as JSON");
});

Deno.test("formatTable() puts words to the left and numbers to the right", () => {
  const head = ["step", "R@1", "ms"];
  const rows = [["accumulate", "0.17 ± 0.01", 9], ["cached", "-", 1429]];
  assertEquals(formatTable(head, rows).split("\n"), [
    "step                R@1    ms",
    "accumulate  0.17 ± 0.01     9",
    "cached                -  1429",
  ]);
  assertEquals(formatTable(head, rows, { markdown: true }).split("\n"), [
    "| step       |         R@1 |   ms |",
    "| ---------- | ----------: | ---: |",
    "| accumulate | 0.17 ± 0.01 |    9 |",
    "| cached     |           - | 1429 |",
  ]);
  assertEquals(formatTable([], []), "");
});
