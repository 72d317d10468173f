import { join } from "node:path";
import { assertEquals, assertThrows } from "@std/assert";
import { cacheFolder } from "../../core/cache_folder.ts";

Deno.test("cacheFolder() follows the system's conventions, and GRADFOLD_CACHE before them", () => {
  const on = (os: string, env: Record<string, string>) => cacheFolder({ os, env: (name) => env[name] });
  assertEquals(on("linux", { HOME: "/me" }), join("/me", ".cache", "gradfold"));
  assertEquals(on("linux", { HOME: "/me", XDG_CACHE_HOME: "/x" }), join("/x", "gradfold"));
  assertEquals(on("linux", { HOME: "/me", XDG_CACHE_HOME: "relative" }), join("/me", ".cache", "gradfold"));
  assertEquals(on("darwin", { HOME: "/Users/a" }), join("/Users/a", "Library", "Caches", "gradfold"));
  assertEquals(on("windows", { LOCALAPPDATA: "C:\\Local" }), join("C:\\Local", "gradfold"));
  assertEquals(on("linux", { HOME: "/me", GRADFOLD_CACHE: "/own" }), "/own");
  assertThrows(() => on("linux", { GRADFOLD_CACHE: "own" }), Error, 'GRADFOLD_CACHE is "own"');
  assertThrows(() => on("linux", {}), Error, "set GRADFOLD_CACHE");
});
