import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parse } from "@std/yaml";
import { readJson, runMain, withFolder } from "./support.ts";

Deno.test("main() without a name lists the recipes with a line each", () =>
  withFolder(async (folder) => {
    const { status, printed } = await runMain([], folder);
    assertEquals(status, 0);
    assertMatch(printed.join("\n"), /^ {2}count +Counts to a number$/m);
  }));

Deno.test("main() with --help prints every key with value, meaning and limits", () =>
  withFolder(async (folder) => {
    const { status, printed } = await runMain(["count", "--help"], folder);
    const text = printed.join("\n");
    assertEquals(status, 0);
    assertMatch(text, /--resume folder +go on with a run/);
    assertMatch(text, /to +6 +Where to stop \(an integer of at least 0\)/);
    assertMatch(text, /rate +0\.5 +A number between \(a number in \[0, 1\)\)/);
    assertMatch(text, /model\.name +"abacus" +What it is called \(a text that is not empty\)/);
    assertMatch(text, /note +null +Anything \(a text or null\)/);
    assertStringIncludes(text, "--smoke sets to=4 model.width=2");
  }));

Deno.test("main() leaves config, metrics, summary, figures and texts in a numbered run folder", () =>
  withFolder(async (folder) => {
    const { status, printed } = await runMain(["count", "--seed", "3", "--backend", "cpu"], folder);
    assertEquals(status, 0);
    const run = `${folder}/runs/count-001`;
    assertEquals(printed, ["counting to 6", "started", `Results are in ${run}`]);
    const metrics = Deno.readTextFileSync(`${run}/metrics.jsonl`).trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(metrics.map(({ value }) => value), [0, "NaN", 6, 9, 12, 15]);
    const { seconds, ...summary } = readJson(`${run}/summary.json`);
    assert(seconds >= 0);
    assertEquals(summary, {
      recipe: "count",
      status: "completed",
      seed: 3,
      smoke: false,
      engine: "cpu",
      results: { reached: 6 },
    });
    assertStringIncludes(Deno.readTextFileSync(`${run}/figures/sizes.svg`), "<svg");
    assertEquals(Deno.readTextFileSync(`${run}/table.md`), "done\n");
    const left = [...Deno.readDirSync(run)].map(({ name }) => name).sort();
    assertEquals(left, ["config.yaml", "figures", "metrics.jsonl", "summary.json", "table.md"]);
  }));

Deno.test("main() lays --smoke over the file and --set over both", () =>
  withFolder(async (folder) => {
    const set = ["--set", "rate=1e-3", "--set=sizes=[5, 6]", "--set", "model.bias=false", "--set", "to=2"];
    const { status } = await runMain(["count", "--smoke", "--backend", "cpu", ...set], folder);
    assertEquals(status, 0);
    const { versions, ...record } = parse(Deno.readTextFileSync(`${folder}/runs/count-001/config.yaml`)) as Record<
      string,
      unknown
    >;
    assertEquals(Object.keys(versions as object), ["gradfold", "deno", "tensorflowjs"]);
    assertEquals(record, {
      recipe: "count",
      seed: 0,
      smoke: true,
      engine: "cpu",
      config: {
        to: 2,
        rate: 1e-3,
        mode: "plain",
        sizes: [5, 6],
        model: { width: 2, name: "abacus", bias: false },
        note: null,
      },
    });
  }));

Deno.test("main() runs the same again from the config.yaml of a run folder", () =>
  withFolder(async (folder) => {
    await runMain(["count", "--seed", "5", "--set", "to=3", "--backend", "cpu"], folder);
    const first = `${folder}/runs/count-001`;
    const { status } = await runMain(["count", "--config", `${first}/config.yaml`, "--backend", "cpu"], folder);
    assertEquals(status, 0);
    for (const file of ["metrics.jsonl", "figures/sizes.svg"]) {
      assertEquals(
        Deno.readTextFileSync(`${folder}/runs/count-002/${file}`),
        Deno.readTextFileSync(`${first}/${file}`),
      );
    }
    const changed = Deno.readTextFileSync(`${first}/config.yaml`).replace("recipe: count", "recipe: other");
    Deno.writeTextFileSync(`${folder}/other.yaml`, changed);
    const { errors } = await runMain(["count", "--config", `${folder}/other.yaml`], folder);
    assertStringIncludes(errors[0]!, 'it records a run of "other", expected one of "count"');
  }));

Deno.test("main() records a recipe that fails, with its error and what there was", () =>
  withFolder(async (folder) => {
    const { status, errors } = await runMain(["count", "--set", "mode=fail", "--backend", "cpu"], folder);
    assertEquals(status, 1);
    assertStringIncludes(errors.join("\n"), "Cannot count: step is 1");
    const summary = readJson(`${folder}/runs/count-001/summary.json`);
    assertEquals(
      [summary.status, summary.error, summary.results.reached],
      ["failed", "Cannot count: step is 1", 2],
    );
  }));
