import { assert, assertEquals, assertGreater, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import type { Missing, Point } from "../../bench/point.ts";
import type { Turn } from "../../bench/turns.ts";

const bench = fromFileUrl(new URL("../../bench/", import.meta.url));
const permissions = ["--no-check", "--allow-read", "--allow-env", "--allow-ffi"];
const writing = [...permissions, "--allow-write", "--allow-run=deno"];

async function deno(...args: string[]): Promise<{ code: number; out: string; error: string }> {
  const env = { NO_COLOR: "1", GRADFOLD_BACKEND: "wasm" };
  const { code, stdout, stderr } = await new Deno.Command("deno", { args, env }).output();
  const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)) as [string, string];
  return { code, out, error };
}

function withFolder(body: (folder: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = Deno.makeTempDirSync();
    try {
      await body(folder);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  };
}

Deno.test("point.ts prints one line of JSON with plausible numbers", async () => {
  const options = "--encoder transformer --method cached --batch 6 --chunk 4 --steps 0";
  const { code, out, error } = await deno("run", ...permissions, `${bench}point.ts`, ...options.split(" "));
  assertEquals(code, 0, error);
  assertEquals(out.trim().split("\n").length, 1);
  const { peakBytes, rssAboveBase, ms, ...spec } = JSON.parse(out) as Point;
  const parameters = 1_040_896;
  assertEquals(spec, { encoder: "transformer", method: "cached", batch: 6, chunk: 4, engine: "wasm", parameters });
  // Parameters have a gradient each, so that many bytes stand at the end.
  assertGreater(peakBytes, 4 * parameters);
  assertLess(peakBytes, 1e8);
  assert(rssAboveBase >= 0 && rssAboveBase < 1e9);
  assertGreater(ms, 0);
});

Deno.test("point.ts says in place of a point that a budget is below what a step needs, and ends", async () => {
  const options = "--encoder mlp --method planned --batch 6 --memory 1000";
  const { code, out, error } = await deno("run", ...permissions, `${bench}point.ts`, ...options.split(" "));
  assertEquals(code, 0, error);
  const { missing, ...rest } = JSON.parse(out) as Missing;
  assertEquals(rest, { encoder: "mlp", method: "planned", batch: 6, memory: 1000, failed: false });
  assertMatch(missing, /memory is 1000 B, expected at least \d+ B/);
});

Deno.test("turns.ts gives each step its time", async () => {
  const options = "--encoder mlp --batch 6 --chunks 4 --budgets 40000000 --rounds 1";
  const { code, out, error } = await deno("run", ...permissions, `${bench}turns.ts`, ...options.split(" "));
  assertEquals(code, 0, error);
  const turns = JSON.parse(out) as Turn[];
  assertEquals(turns.map(({ ms: _, ...spec }) => spec), [
    { encoder: "mlp", batch: 6, method: "full" },
    { encoder: "mlp", batch: 6, method: "cached", chunk: 4 },
    { encoder: "mlp", batch: 6, method: "planned", memory: 40_000_000 },
  ]);
  assert(turns.every(({ ms }) => ms > 0));
});

Deno.test("point.ts ends with status 2 and one line for arguments that it cannot use", async () => {
  const { code, out, error } = await deno("run", ...permissions, `${bench}point.ts`, "--encoder", "transformer");
  assertEquals([code, out, error.trim()], [2, "", "error: Option --method is missing"]);
});

Deno.test(
  "sweep.ts writes lines of JSON and a figure, checks its claims, and says what it left out",
  withFolder(async (folder) => {
    const options = "--encoder convolutional --batches 4,8,1024 --chunks 64 --budgets 1,100 --rounds 1 --limit 100MB";
    const { code, out, error } = await deno(
      "run",
      ...writing,
      `${bench}sweep.ts`,
      ...options.split(" "),
      "--out",
      folder,
    );
    const lines = Deno.readTextFileSync(`${folder}/sweep.jsonl`).trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(lines.slice(0, 4).map(({ method, chunk, share }) => [method, chunk, share]), [
      ["full", undefined, undefined],
      ["cached", 64, undefined],
      ["planned", undefined, 0.01],
      ["planned", undefined, 1],
    ]);
    const [full, , , whole] = lines.slice(4) as Point[];
    assertEquals(whole!.memory, full!.peakBytes);
    assertEquals(full!.ratio, 1);
    assertGreater(whole!.ratio!, 0);
    assertMatch(whole!.plan!, /chunks? of \d+, .* on the tape/);
    assertMatch(lines[8].missing, /^it would take about \d+\.\d GB, above the limit of 0\.1 GB$/);
    assertStringIncludes(out, "Left out: convolutional, batch 1024, full: it would take");
    assertMatch(out, /^Left out: convolutional, batch 8, planned, 1 %: Cannot plan a step: memory is/m);
    const held = out.match(/^Held: convolutional, planned: peak tensor bytes are within/m);
    assertEquals(code, held ? 0 : 1, error);
    assertMatch(out, /^(Held|Missed): convolutional, planned: with 100 % of .*, claimed 1\.02$/m);
    const figure = Deno.readTextFileSync(`${folder}/sweep_convolutional.svg`);
    for (const title of ["Peak tensor bytes", "Time of a planned step"]) assertStringIncludes(figure, title);
  }),
);

Deno.test(
  "sweep.ts refuses a folder that cannot be written before it measures",
  withFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "");
    const { code, error } = await deno("run", ...writing, `${bench}sweep.ts`, "--out", `${folder}/file`);
    assertEquals(code, 2);
    assertMatch(error, /^error: Cannot write to .*choose another folder with --out$/m);
  }),
);

Deno.test(
  "steps_bench.ts prints the memory of the same cases behind the table of times, and writes it",
  withFolder(async (folder) => {
    const options = `--encoder convolutional --methods full,planned --batches 4 --budgets 100 --out ${folder}`;
    const { code, out, error } = await deno("bench", ...writing, `${bench}steps_bench.ts`, "--", ...options.split(" "));
    assertEquals(code, 0, error);
    const [times, memory] = out.split("encoder        batch");
    assertMatch(times!, /group convolutional, batch 4\n\| full .*\n\| planned, 100 % /);
    assertMatch(memory!, /^convolutional +4 +full +- +\d+\.\d +-?\d+\.\d +\d+\.\d +\d+\.\d\d +-$/m);
    const points = JSON.parse(Deno.readTextFileSync(`${folder}/steps.json`)) as Point[];
    assertEquals(points.map(({ method, share }) => [method, share]), [["full", undefined], ["planned", 1]]);
    assertStringIncludes(Deno.readTextFileSync(`${folder}/steps_convolutional.svg`), "Resident memory above base");
  }),
);
