import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { createRunFolder } from "../../recipes/runner/run_folder.ts";
import { UsageError } from "../../recipes/runner/usage_error.ts";
import { readJson, withFolder } from "./support.ts";

Deno.test("createRunFolder() takes the number after the highest there is", () =>
  withFolder((parent) => {
    for (const name of ["toy-001", "toy-041", "toy-41b", "toy-xyz-099", "other-200"]) {
      Deno.mkdirSync(`${parent}/${name}`);
    }
    const run = createRunFolder({ recipe: "toy", parent });
    run.close();
    assertEquals(run.path, `${parent}/toy-042`);
  }));

Deno.test("createRunFolder() takes a new or an empty folder once", () =>
  withFolder((parent) => {
    for (const out of [`${parent}/new/deep`, `${parent}/empty`]) {
      Deno.mkdirSync(`${parent}/empty`, { recursive: true });
      createRunFolder({ recipe: "toy", out }).close();
      const error = assertThrows(() => createRunFolder({ recipe: "toy", out }), UsageError);
      assertStringIncludes(error.message, `Cannot use ${out}: it is not empty`);
    }
  }));

Deno.test({
  name: "createRunFolder() names a folder that this process may not write",
  permissions: { read: true, write: false },
  fn() {
    const error = assertThrows(() => createRunFolder({ recipe: "toy", out: "runs/denied" }), UsageError);
    assertStringIncludes(error.message, "Cannot write to runs/denied: this process was not given the permission");
    assertThrows(() => createRunFolder({ recipe: "toy", parent: "denied" }), UsageError, "Cannot write to denied");
  },
});

Deno.test("metric() has its line in the file, whole, when it returns", () =>
  withFolder((parent) => {
    const run = createRunFolder({ recipe: "toy", parent });
    const lines = (): string[] => Deno.readTextFileSync(`${run.path}/metrics.jsonl`).split("\n");
    run.metric({ loss: Infinity, text: "two\nlines", rows: new Float32Array([1, NaN]) });
    assertEquals(lines(), ['{"loss":"Infinity","text":"two\\nlines","rows":[1,"NaN"]}', ""]);
    run.metric({ long: "x".repeat(1e6) });
    assertEquals(lines().length, 3);
    assertEquals(JSON.parse(lines()[1]!).long.length, 1e6);
    run.close();
  }));

Deno.test("summary() adds to the results, and finish() may be called again", () =>
  withFolder((parent) => {
    const run = createRunFolder({ recipe: "toy", parent });
    run.summary({ recall: 0.1, loss: 2 });
    run.finish("interrupted", { seed: 1 });
    run.summary({ recall: 0.2 });
    run.finish("completed", { seed: 1 });
    run.close();
    assertEquals(readJson(`${run.path}/summary.json`), {
      recipe: "toy",
      status: "completed",
      seed: 1,
      results: { recall: 0.2, loss: 2 },
    });
  }));

Deno.test("text() and figure() stay inside the run folder", () =>
  withFolder(async (parent) => {
    const run = createRunFolder({ recipe: "toy", parent });
    for (const name of ["../up", "a/b", "", ".hidden"]) {
      assertThrows(() => run.text(name, ""), TypeError, "expected the plain name");
      await assertRejects(() => run.figure(name, { data: { values: [] }, mark: "point" }), TypeError);
    }
    run.close();
    assertEquals([...Deno.readDirSync(parent)].length, 1);
  }));

Deno.test("discard() leaves no trace of a run that did not begin", () =>
  withFolder((parent) => {
    createRunFolder({ recipe: "toy", parent }).discard();
    assertEquals([...Deno.readDirSync(parent)], []);
  }));
