import { join } from "node:path";
import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { compileKernels } from "../../setup/compile_kernels.ts";
import { install } from "../../setup/install.ts";
import { kernelFiles, readKernels, versionOf } from "../../setup/kernels.ts";
import { engineFolder } from "../../setup/places.ts";
import { machine, names, withPlaces } from "./fake_machine.ts";

const tools = { pip: ["pip"], compiler: ["g++"] };

Deno.test("readKernels() reads every file of the folder", async () => {
  const folder = new URL("../../core/native/", import.meta.url);
  assertEquals([...kernelFiles], (await names(folder.pathname)).filter((name) => !name.endsWith(".md")));
  const { files, version } = await readKernels();
  assertEquals([...files.keys()], [...kernelFiles]);
  assertStringIncludes(files.get("gelu.cc")!, "GradfoldGelu");
  assert(/^[0-9a-f]{8}$/.test(version));
});

Deno.test("versionOf() differs where a file differs", async () => {
  const version = await versionOf(new Map([["a.cc", "1"]]));
  assertEquals(await versionOf(new Map([["a.cc", "1"]])), version);
  assertNotEquals(await versionOf(new Map([["a.cc", "2"]])), version);
  assertNotEquals(await versionOf(new Map([["b.cc", "1"]])), version);
});

Deno.test("compileKernels() compiles the sources for the processor, beside their headers", () =>
  withPlaces(async ({ kernels, binding }) => {
    const on = machine();
    const object = await compileKernels(on, tools, kernels, binding);
    assertEquals(object, join(binding, "kernels", "kernels.o"));
    const [command] = on.commands;
    assertStringIncludes(command!, "-mavx2 -mfma");
    assertStringIncludes(command!, `-nostdlib ${join(binding, "kernels", "a.cc")} -o`);
    assertEquals(await names(join(binding, "kernels")), ["a.cc", "a.h", "kernels.o"]);
    const arm = machine({}, { arch: "aarch64" });
    await Deno.remove(join(binding, "kernels"), { recursive: true });
    await compileKernels(arm, tools, kernels, binding);
    assert(!arm.commands[0]!.includes("-mavx2"));
  }));

Deno.test("install() goes on without the kernels where they do not compile, and says so", () =>
  withPlaces(async (places) => {
    const on = machine({ "-nostdlib": { code: 1, output: "error: no such header" } });
    assertEquals(await install(on, places, "cpu"), true);
    assert(on.lines.some((line) => line.includes("Cannot compile the kernels") && line.includes("no such header")));
    assert(!on.commands.at(-1)!.includes("kernels.o"));
    assertEquals(await names(engineFolder(places, "cpu")), ["tensorflow", "tfjs_binding.node", "without-kernels"]);
    // With a compiler that can it builds anew.
    assertEquals(await install(machine(), places, "cpu"), true);
    assertEquals(await names(engineFolder(places, "cpu")), ["tensorflow", "tfjs_binding.node"]);
  }));

Deno.test("install() builds anew when the kernels have changed", () =>
  withPlaces(async (places) => {
    await install(machine(), places, "cpu");
    const changed = { ...places, kernels: { ...places.kernels, version: "beef4567" } };
    assertEquals(await install(machine(), changed, "cpu"), true);
    assertEquals((await names(places.cache)).length, 3);
  }));
