import { join } from "node:path";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { install, link, removeLeftovers } from "../../setup/install.ts";
import { engineFolder, linkPath } from "../../setup/places.ts";
import { machine, names, withPlaces } from "./fake_machine.ts";

Deno.test("install() builds the engine, links it, and shrinks it to what runs", () =>
  withPlaces(async (places) => {
    const on = machine();
    assertEquals(await install(on, places, "cpu"), true);
    const engine = engineFolder(places, "cpu");
    assertEquals(await names(engine), ["tensorflow", "tfjs_binding.node"]);
    assertEquals(await names(join(engine, "tensorflow")), ["libtensorflow_cc.so.2"]);
    assertEquals(await Deno.readLink(linkPath(places.binding)), engine);
    const fetched = on.commands.find((command) => command.includes("install"))!;
    assert(fetched.startsWith("pip install --no-compile --retries 0 --target "));
    assert(fetched.endsWith(" --no-deps tensorflow-cpu"));
  }));

Deno.test("install() finds a built engine, needs no tools for it, and links it into another project", () =>
  withPlaces(async (places) => {
    await install(machine(), places, "cpu");
    await Deno.remove(linkPath(places.binding));
    const again = machine();
    assertEquals(await install(again, places, "cpu"), false);
    assertEquals(again.commands, []);
    assertEquals(await Deno.readLink(linkPath(places.binding)), engineFolder(places, "cpu"));
  }));

Deno.test("install() keeps both variants and links the one that was asked for", () =>
  withPlaces(async (places) => {
    await install(machine(), places, "cpu");
    const gpu = machine();
    assertEquals(await install(gpu, places, "gpu"), true);
    assert(gpu.commands.some((command) => command.endsWith("tensorflow[and-cuda]")));
    assertEquals(await Deno.readLink(linkPath(places.binding)), engineFolder(places, "gpu"));
    assertEquals(await install(machine(), places, "cpu"), false);
    assertEquals(await Deno.readLink(linkPath(places.binding)), engineFolder(places, "cpu"));
  }));

Deno.test("install() leaves nothing behind and names pip's complaint when pip fails", () =>
  withPlaces(async (places) => {
    const broken = machine({ "pip install": { code: 2, output: "ERROR: no space left on device\n" } });
    const error = await assertRejects(() => install(broken, places, "cpu"), Error, "Cannot fetch tensorflow-cpu");
    assertStringIncludes(error.message, "status 2");
    assertStringIncludes(error.message, "no space left on device");
    assertEquals(await names(places.cache), ["lock"]);
    assertEquals(await install(machine(), places, "cpu"), true);
  }));

Deno.test("install() leaves nothing behind and names the compiler's complaint when compiling fails", () =>
  withPlaces(async (places) => {
    const broken = machine({ "-std=c++17": { code: 1, output: "error: unrecognized option '-std=c++17'" } });
    const error = await assertRejects(() => install(broken, places, "cpu"), Error, "Cannot compile the binding");
    assertStringIncludes(error.message, "unrecognized option");
    assertEquals(await names(places.cache), ["lock"]);
  }));

Deno.test("install() deletes what an interrupted run left, and builds", () =>
  withPlaces(async (places) => {
    await Deno.mkdir(join(places.cache, "partial-1234", "tensorflow"), { recursive: true });
    await Deno.mkdir(join(engineFolder(places, "cpu"), "tensorflow"), { recursive: true });
    assertEquals(await install(machine(), places, "cpu"), true);
    assertEquals(await names(places.cache), ["lock", "tensorflow-cpu-for-tfjs-4.22.0-cafe0123"]);
  }));

Deno.test("install() runs again after its process was killed while it fetched", () =>
  withPlaces(async (places) => {
    const child = new Deno.Command("deno", {
      args: ["run", "--no-check", "-A", "-"],
      cwd: new URL("../..", import.meta.url),
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(`
      import { install } from "./setup/install.ts";
      await install({
        os: "linux", arch: "x86_64", env: () => undefined, log: () => {},
        run: async (command) => {
          if (command.includes("--version")) return { code: 0, output: "" };
          Deno.writeTextFileSync(command[command.indexOf("--target") + 1] + "/half", "half");
          console.log("fetching");
          await new Promise((resolve) => setTimeout(resolve, 60_000));
        },
      }, { ...${JSON.stringify(places)}, kernels: { files: new Map(), version: "cafe0123" } }, "cpu");`));
    await writer.close();
    const reader = child.stdout.getReader();
    await reader.read();
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
    assertEquals((await names(places.cache)).map((name) => name.replace(/-.*/, "")), ["lock", "partial"]);
    assertEquals(await install(machine(), places, "cpu"), true);
    assertEquals(await names(places.cache), ["lock", "tensorflow-cpu-for-tfjs-4.22.0-cafe0123"]);
  }));

Deno.test("install() waits for another one and uses what it built", () =>
  withPlaces(async (places) => {
    const [first, second] = [machine(), machine()];
    const built = await Promise.all([install(first, places, "cpu"), install(second, places, "cpu")]);
    assertEquals(built.toSorted(), [false, true]);
    assert([...first.lines, ...second.lines].includes("Another setup is running; waiting for it"));
  }));

Deno.test("install() refuses a system that it does not support, before it writes", () =>
  withPlaces(async (places) => {
    const windows = machine({}, { os: "windows" });
    await assertRejects(() => install(windows, places, "cpu"), Error, "on windows: Linux and macOS are supported");
    await assertRejects(() => Deno.stat(places.cache), Deno.errors.NotFound);
  }));

Deno.test("install() says which folder it cannot write to", () =>
  withPlaces(async (places) => {
    await Deno.writeTextFile(places.cache, "a file where the cache should be");
    const inside = { ...places, cache: join(places.cache, "gradfold") };
    const error = await assertRejects(() => install(machine(), inside, "cpu"), Error, "Cannot write to ");
    assertStringIncludes(error.message, inside.cache);
    assertStringIncludes(error.message, "GRADFOLD_CACHE");
  }));

Deno.test("link() leaves another installation's folder alone", () =>
  withPlaces(async (places) => {
    const at = linkPath(places.binding);
    await Deno.mkdir(at, { recursive: true });
    await Deno.writeTextFile(join(at, "tfjs_binding.node"), "theirs");
    await assertRejects(() => link("/elsewhere", at), Error, "folder of another installation; delete it");
    assertEquals(await Deno.readTextFile(join(at, "tfjs_binding.node")), "theirs");
  }));

Deno.test("removeLeftovers() deletes unfinished folders only", () =>
  withPlaces(async ({ cache }) => {
    for (const name of ["partial-1", "partial-2", "tensorflow-cpu"]) {
      await Deno.mkdir(join(cache, name), { recursive: true });
    }
    await Deno.writeTextFile(join(cache, "partial-file"), "");
    assertEquals(await removeLeftovers(cache), 2);
    assertEquals(await names(cache), ["partial-file", "tensorflow-cpu"]);
  }));
