import { join } from "node:path";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Outcome } from "../setup/machine.ts";
import { names, withPlaces } from "./setup/fake_machine.ts";

const posix = Deno.build.os !== "windows";
const root = new URL("..", import.meta.url);

/** Runs deno in the repository's root, with a script on its input. */
async function deno(args: string[], script = ""): Promise<Outcome> {
  const child = new Deno.Command("deno", {
    args,
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  return { code, output: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

/** Runs the real setup where `path` is all that is searched for programs. */
function setupIn(path: string, cache: string): Promise<Outcome> {
  return deno(
    ["run", "--no-check", "-A", "-"],
    `Deno.env.set("PATH", ${JSON.stringify(path)});
    Deno.env.set("GRADFOLD_CACHE", ${JSON.stringify(cache)});
    Deno.env.delete("CXX");
    const { setup } = await import("./setup.ts");
    await setup().catch((error) => console.log(error.message));`,
  );
}

Deno.test("setup explains itself, and refuses options that it does not know", async () => {
  const help = await deno(["run", "--no-check", "-A", "setup.ts", "--help"]);
  assertEquals(help.code, 0);
  for (const part of ["--gpu", "CXX", "GRADFOLD_CACHE", "jsr:@gradfold/gradfold/setup"]) {
    assertStringIncludes(help.output, part);
  }
  const unknown = await deno(["run", "--no-check", "-A", "setup.ts", "--cuda"]);
  assertEquals(unknown.code, 1);
  assertStringIncludes(unknown.output, "--cuda");
});

Deno.test({
  name: "setup names what to install where there is no pip and no compiler",
  ignore: !posix,
  fn: () =>
    withPlaces(async ({ cache, binding }) => {
      const { output } = await setupIn(binding, cache);
      assertStringIncludes(output, "without pip");
      assertStringIncludes(output, "without a C++ compiler");
      assertEquals(await names(cache), ["lock"]);
    }),
});

Deno.test({
  name: "setup does not fetch anything where only the compiler is missing",
  ignore: !posix,
  fn: () =>
    withPlaces(async ({ cache, binding }) => {
      await Deno.writeTextFile(join(binding, "pip"), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
      const { output } = await setupIn(binding, cache);
      assertStringIncludes(output, "without a C++ compiler (looked for CXX, g++, clang++, c++)");
      assert(!output.includes("without pip"), output);
      assertEquals(await names(cache), ["lock"]);
    }),
});
