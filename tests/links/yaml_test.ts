import { assertEquals, assertThrows } from "@std/assert";
import { parse, stringify } from "@std/yaml";

Deno.test("parse() reads scalars, lists and mappings", () => {
  assertEquals(
    parse(
      "rate: 1e-3 # per step\nsizes: [8, 16]\nname: 'on'\ndeep: { last: null }\n",
    ),
    {
      rate: 1e-3,
      sizes: [8, 16],
      name: "on",
      deep: { last: null },
    },
  );
  assertEquals(parse(""), null);
});

Deno.test("parse() says on which line a document is malformed", () => {
  assertThrows(
    () => parse("a: 1\nb: [1, 2\nc: 3\n"),
    SyntaxError,
    "at line 3",
  );
  assertThrows(() => parse("a: 1\na: 2\n"), SyntaxError, "line 2");
  assertThrows(() => parse("a: 1\n---\nb: 2\n"), SyntaxError);
  assertEquals(parse("a: 1\na: 2\n", { allowDuplicateKeys: true }), { a: 2 });
});

Deno.test("stringify() writes what parse() reads", () => {
  const value = {
    rate: 1e-5,
    text: "yes: no",
    list: [1, [2, 3]],
    none: null,
    on: true,
    number: "12",
  };
  assertEquals(parse(stringify(value)), value);
  assertThrows(() => stringify({ run: () => 1 }), TypeError);
  assertEquals(
    stringify({ run: () => 1, a: 1 }, { skipInvalid: true }),
    "a: 1\n",
  );
  assertEquals(
    stringify({ b: 1, a: [1, 2] }, { sortKeys: true, flowLevel: 1 }),
    "a: [1, 2]\nb: 1\n",
  );
});
