import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertGreater, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { describePlan, type ParityReport, useBackend } from "../../core/mod.ts";
import { main } from "../../recipes/parity.ts";
import { recorder } from "./support.ts";

const recipes = fromFileUrl(new URL("./parity_fixtures/", import.meta.url));
const script = fromFileUrl(new URL("../../recipes/parity.ts", import.meta.url));

async function run(...args: string[]): Promise<{ status: number; printed: string[]; errors: string[] }> {
  const terminal = recorder();
  const status = await main(args, { recipes, terminal });
  return { status, ...terminal };
}

Deno.test("parity main() prints tables and returns 0 for towers that replay their dropout", async () => {
  await useBackend({ backend: "cpu", quiet: true });
  const before = tf.memory().numTensors;
  const { status, printed } = await run("towers", "--backend", "cpu");
  assertEquals(status, 0);
  assertEquals(tf.memory().numTensors, before);
  const text = printed.join("\n");
  assertMatch(text, /^towers: 6 examples, cpu engine$/m);
  assertMatch(text, /^ +2 +0 +6 +yes +/m);
  assertMatch(text, /^ +2 +2 +2 +yes +/m);
  assertMatch(text, /^ +2 +0 +query +\S+ +\S+ +(first|second) +\S+$/m);
  assertMatch(text, /^Passed: all gradients are within 1e-5 of those of the whole batch$/m);
});

Deno.test("parity main() with --json prints one document with every parameter", async () => {
  const { status, printed } = await run(
    ...["towers", "--backend", "cpu", "--json", "--chunk", "1,4", "--keep", "0", "--tolerance", "1e-4", "--seed", "7"],
  );
  assertEquals([status, printed.length], [0, 1]);
  const report = JSON.parse(printed[0]!) as ParityReport & { recipe: string; seed: number };
  assertEquals([report.recipe, report.seed, report.engine, report.tolerance], ["towers", 7, "cpu", 1e-4]);
  assertEquals(report.examples, [6, 6]);
  assertEquals(report.points.map(({ chunkSize, keep }) => [chunkSize, keep]), [[1, 0], [4, 0]]);
  for (const { groups, relativeL2, bitEqual, passed } of report.points) {
    assert(passed && bitEqual);
    assertLess(relativeL2, 1e-6);
    assertEquals(groups.map(({ name }) => name), ["query", "passage"]);
    assertEquals(groups[0]!.parameters.map(({ name }) => name), ["first", "second"]);
  }
});

Deno.test("parity main() compares a planned step, and says what was planned in words and as data", async () => {
  // Too little for all examples on the tape, enough for some.
  const args = ["towers", "--backend", "cpu", "--set", "batch=12", "--set", "memory=12kB"];
  const { status, printed } = await run(...args);
  assertEquals(status, 0);
  const text = printed.join("\n");
  assertMatch(text, /^planned +planned +\d+ +yes +/m);
  const [, plan] = /^planned: (.* chunks? of .* of 12\.0 kB, about .*x of the full batch)$/m.exec(text) ?? [];
  assert(plan, text);
  const json = await run(...args, "--json", "--chunk", "4", "--keep", "1");
  const { points: [chunked, planned] } = JSON.parse(json.printed[0]!);
  assertEquals([chunked.chunkSize, chunked.keep, chunked.memory, chunked.plan], [4, 1, undefined, undefined]);
  assertEquals([planned.chunkSize, planned.memory.budgetBytes, planned.bitEqual], [undefined, 12_000, true]);
  assertEquals(planned.plan, describePlan(planned.memory));
  assertGreater(planned.replayed, 0);
});

Deno.test("parity main() returns 1 when the replay draws other random numbers", async () => {
  const { status, printed } = await run("towers", "--backend", "cpu", "--set", "forgetful=true", "--keep", "0");
  assertEquals(status, 1);
  const text = printed.join("\n");
  assertMatch(text, /^ +2 +0 +6 +no +/m);
  assertMatch(text, /^Failed: chunk 2, keep 0: the gradient is .* expected at most 1e-5; the replay differs/m);
  const json = await run("towers", "--backend", "cpu", "--set", "forgetful=true", "--json");
  assertEquals(json.status, 1);
  assertGreater(JSON.parse(json.printed[0]!).points[0].relativeL2, 0.05);
});

Deno.test("parity main() takes --set, --smoke and a tolerance that nothing meets", async () => {
  const smoke = await run("towers", "--backend", "cpu", "--smoke", "--json");
  assertEquals(JSON.parse(smoke.printed[0]!).examples, [4, 4]);
  const strict = await run("towers", "--backend", "cpu", "--set", "batch=11", "--tolerance", "0", "--chunk", "3");
  assertEquals(strict.status, 1);
  assertStringIncludes(strict.printed.join("\n"), "11 examples");
});

Deno.test("parity main() returns 2 and says why when the request cannot be met", async () => {
  const faults: readonly [string[], string][] = [
    [[], "Name a recipe, as in deno task parity <recipe>; there are bare, towers"],
    [["tower"], 'Unknown recipe "tower", did you mean "towers"?'],
    [["bare"], 'Cannot compare "bare": the recipe offers no experiment'],
    [["towers", "--chunks", "2"], 'Unknown option --chunks, did you mean "--chunk"?'],
    [["towers", "--chunk", "0"], "Cannot use --chunk 0: expected integers of at least 1"],
    [["towers", "--keep", "1.5"], "Cannot use --keep 1.5"],
    [["towers", "--tolerance", "small"], "Cannot use --tolerance small"],
    [["towers", "--tolerance="], "Option --tolerance needs a value"],
    [["towers", "--set", "bach=3"], 'unknown key "bach"'],
    [["towers", "--backend", "tpu"], 'Unknown engine "tpu"'],
    [["towers", "--seed", "x"], "Cannot use --seed x"],
    [["towers", "--set", "memory=10 B", "--backend", "cpu"], "memory is 10 B, expected at least"],
  ];
  for (const [args, message] of faults) {
    const { status, printed, errors } = await run(...args);
    assertEquals([status, printed], [2, []], args.join(" "));
    assertStringIncludes(errors.join("\n"), message);
  }
});

Deno.test("parity main() with --help explains the options", async () => {
  const { status, printed } = await run("--help");
  assertEquals(status, 0);
  for (const option of ["--chunk", "--keep", "--tolerance", "--json", "--set"]) {
    assertStringIncludes(printed.join("\n"), option);
  }
});

Deno.test("parity.ts prints nothing but the document on standard output", async () => {
  const { code, stdout, stderr } = await new Deno.Command("deno", {
    args: [
      ...["run", "--no-check", "--allow-read", "--allow-env", "--allow-ffi", script, "gradcache", "--json"],
      ...["--backend", "wasm", "--smoke", "--set", "rows=512", "--chunk", "64", "--keep", "0"],
    ],
    env: { NO_COLOR: "1" },
  }).output();
  const [out, said] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)) as [string, string];
  assertEquals(code, 0, said);
  const report = JSON.parse(out) as ParityReport;
  assertLess(report.points[0]!.relativeL2, 1e-6);
  assert(report.points[0]!.bitEqual);
  assertStringIncludes(said, "gradfold: wasm engine");
});
