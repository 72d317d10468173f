import { assertEquals, assertThrows } from "@std/assert";
import { basename, dirname, extname, fromFileUrl, isAbsolute, join, normalize, relative, toFileUrl } from "@std/path";

Deno.test("the path functions take paths apart and put them together", {
  ignore: Deno.build.os === "windows",
}, () => {
  assertEquals(join("runs", "..", "a", "b.svg"), "a/b.svg");
  assertEquals(normalize("a//./b/../c"), "a/c");
  assertEquals(basename("a/b.svg", ".svg"), "b");
  assertEquals(dirname("a/b.svg"), "a");
  assertEquals(extname("a/b.svg"), ".svg");
  assertEquals(relative("/a/b", "/a/c"), "../c");
  assertEquals([isAbsolute("/a"), isAbsolute("a")], [true, false]);
});

Deno.test("toFileUrl() and fromFileUrl() undo each other", {
  ignore: Deno.build.os === "windows",
}, () => {
  assertEquals(toFileUrl("/a b/c#d").href, "file:///a%20b/c%23d");
  assertEquals(fromFileUrl(toFileUrl("/a b/c#d")), "/a b/c#d");
  assertThrows(() => toFileUrl("a"), TypeError);
  assertThrows(() => fromFileUrl("https://example.org/a"), TypeError);
});
