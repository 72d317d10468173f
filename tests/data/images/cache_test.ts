import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { cached, encode } from "../../../data/images/_cache.ts";
import type { ImageSet } from "../../../data/images/image_set.ts";
import { randomSet } from "./_sets.ts";

const set: ImageSet = {
  ...randomSet(5, 3, 4, 3),
  labels: Int32Array.of(1, 0, 1, 2, 0),
  classes: ["ant", "wasp – “x”", "bee"],
  origins: Int32Array.of(0, 1, 0, 1, 0),
  sources: ["me", "you"],
};

/** Runs with the path of a file in a folder of its own. */
async function withFile(run: (path: string, folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(join(folder, "images", "set"), folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Reads through the cache; `made` counts how often the set was made. */
async function read(path: string, madeFrom = "v1") {
  const lines: string[] = [];
  let made = 0;
  const make = () => {
    made++;
    return Promise.resolve(set);
  };
  const result = await cached({ path, madeFrom, log: (line) => lines.push(line) }, make);
  assertEquals(result, set);
  return { made, lines };
}

function names(path: string): string[] {
  return [...Deno.readDirSync(join(path, ".."))].map(({ name }) => name).sort();
}

Deno.test("a set is made once and then read, with all that belongs to it", () =>
  withFile(async (path) => {
    assertEquals(await read(path), { made: 1, lines: [] });
    assertEquals(await read(path), { made: 0, lines: [] });
    assertEquals(names(path), ["set"]);
  }));

Deno.test("a file that is cut off or altered anywhere is made anew, and says so", () =>
  withFile(async (path) => {
    await read(path);
    const whole = await Deno.readFile(path);
    const last = whole.length - 1;
    const faults = [0, 1, 15, 16, 51, 60, last].map((length) => whole.slice(0, length));
    for (const at of [0, 15, 16, 47, 48, 51, 52, 90, last]) faults.push(whole.map((b, i) => i === at ? b ^ 1 : b));
    faults.push(Uint8Array.of(...whole, 0));
    for (const fault of faults) {
      await Deno.writeFile(path, fault);
      const { made, lines } = await read(path);
      assertEquals([made, lines.length], [1, 1]);
      assertStringIncludes(lines[0]!, `Cannot use ${path}: it is`);
      assertEquals(await Deno.readFile(path), whole);
    }
  }));

Deno.test("a set that was made from something else is made anew", () =>
  withFile(async (path) => {
    await read(path, "v1");
    const { made, lines } = await read(path, "v2");
    assertEquals([made, lines], [1, [`Cannot use ${path}: it was made from v1, expected v2; it is made anew`]]);
    assertEquals((await read(path, "v2")).made, 0);
  }));

Deno.test("where nothing can be written, the set is made each time", () =>
  withFile(async (_, folder) => {
    await Deno.writeTextFile(join(folder, "file"), "");
    const path = join(folder, "file", "set");
    const { made, lines } = await read(path);
    assertEquals(made, 1);
    assertStringIncludes(lines.at(-1)!, `Cannot keep the images in ${path}: `);
  }));

Deno.test("what cannot be made leaves no file, and the error goes up", () =>
  withFile(async (path, folder) => {
    const fail = () => Promise.reject(new Error("no icons"));
    await assertRejects(() => cached({ path, madeFrom: "v1", log: () => {} }, fail), Error, "no icons");
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

Deno.test("drafts of stopped processes go, those of running ones stay", () =>
  withFile(async (path) => {
    await Deno.mkdir(join(path, ".."), { recursive: true });
    for (const name of ["set.old.part", "set.new.part", "other.old.part"]) {
      await Deno.writeTextFile(join(path, "..", name), "draft");
      if (name.includes("old")) await Deno.utime(join(path, "..", name), 0, 0);
    }
    await read(path);
    assertEquals(names(path), ["other.old.part", "set", "set.new.part"]);
  }));

Deno.test("many that read and write one file at a time all get the whole set", () =>
  withFile(async (path) => {
    await Promise.all(Array.from({ length: 8 }, () => read(path)));
    assertEquals(names(path), ["set"]);
    assertEquals(await Deno.readFile(path), encode(set, "v1"));
  }));

Deno.test("a process that is killed while it writes does no harm to the next", () =>
  withFile(async (path, folder) => {
    const module = (file: string) => JSON.stringify(new URL(`../../../data/images/${file}`, import.meta.url).href);
    const script = join(folder, "write.ts");
    await Deno.writeTextFile(
      script,
      `import { cached } from ${module("_cache.ts")};
      const set = { examples: 1, height: 1, width: 4e7, channels: 1, pixels: new Uint8Array(4e7), labels: Int32Array.of(0),
        classes: ["a"], origins: Int32Array.of(0), sources: ["b"], names: ["c"] };
      const options = { path: ${JSON.stringify(path)}, log: () => {} };
      for (let i = 0; ; i++) { await cached({ ...options, madeFrom: String(i) }, () => Promise.resolve(set)); console.log(i); }`,
    );
    const args = ["run", "--allow-read", "--allow-write", "--no-lock", script];
    const child = new Deno.Command("deno", { args, stdout: "piped" }).spawn();
    const output = child.stdout.getReader();
    await output.read();
    child.kill("SIGKILL");
    await output.cancel();
    await child.status;
    const { lines } = await read(path);
    // The file was whole: all that is wrong is what it was made from.
    assertStringIncludes(lines.join(), "it was made from");
  }));
