import { join } from "node:path";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { compilerArguments, fetchWheel, wheelName } from "../../setup/build.ts";
import { machine } from "./fake_machine.ts";

Deno.test("fetchWheel() asks for another Python's wheel when there is none for the installed one", async () => {
  const none = { code: 1, output: "ERROR: No matching distribution found for tensorflow-cpu" };
  const on = machine({ "--python-version": { code: 0, output: "" }, "pip install": none });
  await fetchWheel(on, { pip: ["pip"], compiler: ["g++"] }, "/engine", "cpu");
  assertEquals(on.commands.length, 2);
  assertStringIncludes(on.commands[1]!, "--only-binary=:all: --python-version 3.12 --no-deps tensorflow-cpu");
});

Deno.test("wheelName() names the package for the machine", () => {
  assertEquals(wheelName(machine(), "cpu"), "tensorflow-cpu");
  assertEquals(wheelName(machine({}, { arch: "aarch64" }), "cpu"), "tensorflow");
  assertEquals(wheelName(machine({}, { os: "darwin", arch: "aarch64" }), "cpu"), "tensorflow");
  assertEquals(wheelName(machine(), "gpu"), "tensorflow[and-cuda]");
});

Deno.test("compilerArguments() link the libraries by the system's names, found beside the addon", () => {
  const places = { cache: "/c", binding: "/b/", headers: "/h", kernels: { files: new Map(), version: "0" } };
  const linux = compilerArguments(machine(), places, "/e", ["/b/binding/a.cc"]);
  assert(linux.includes(join("/e", "tensorflow", "libtensorflow_cc.so.2")));
  assert(linux.includes("-Wl,-rpath,$ORIGIN/tensorflow"));
  const mac = compilerArguments(machine({}, { os: "darwin" }), places, "/e", []);
  assert(mac.includes(join("/e", "tensorflow", "libtensorflow_framework.2.dylib")));
  assert(mac.includes("-Wl,-rpath,@loader_path/tensorflow"));
});
