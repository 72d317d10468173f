import { assert, assertEquals, assertGreater, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import type { Point } from "../../bench/point.ts";

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
  const options = "--encoder transformer --method cached --batch 6 --chunk 4";
  const { code, out, error } = await deno("run", ...permissions, `${bench}point.ts`, ...options.split(" "));
  assertEquals(code, 0, error);
  assertEquals(out.trim().split("\n").length, 1);
  const { peakBytes, rssAboveBase, msPerExample, ...spec } = JSON.parse(out) as Point;
  assertEquals(spec, { encoder: "transformer", method: "cached", batch: 6, chunk: 4, engine: "wasm" });
  // Parameters have a gradient each, so that many bytes stand at the end; the table alone is 5,000 × 128.
  assertGreater(peakBytes, 4 * 5000 * 128);
  assertLess(peakBytes, 1e8);
  assert(rssAboveBase >= 0 && rssAboveBase < 1e9);
  assertGreater(msPerExample, 0);
});

Deno.test("point.ts ends with status 2 and one line for arguments that it cannot use", async () => {
  const { code, out, error } = await deno("run", ...permissions, `${bench}point.ts`, "--encoder", "transformer");
  assertEquals([code, out, error.trim()], [2, "", "error: Option --method is missing"]);
});

Deno.test(
  "sweep.ts writes lines of JSON and a figure, and says what it left out",
  withFolder(async (folder) => {
    const options = "--encoder convolutional --methods full --batches 4,8,4096 --limit 100MB";
    const { code, out, error } = await deno(
      "run",
      ...writing,
      `${bench}sweep.ts`,
      ...options.split(" "),
      "--out",
      folder,
    );
    assertEquals(code, 0, error);
    const lines = Deno.readTextFileSync(`${folder}/sweep.jsonl`).trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(lines.map(({ batch, chunk }) => [batch, chunk]), [[4, 4], [8, 8], [4096, 4096]]);
    assertGreater(lines[1].peakBytes, lines[0].peakBytes);
    assertMatch(lines[2].missing, /^it would take about \d+\.\d GB, above the limit of 0\.1 GB$/);
    assertStringIncludes(out, "Left out: convolutional, batch 4096, full: it would take");
    assertStringIncludes(Deno.readTextFileSync(`${folder}/sweep_convolutional.svg`), "Peak tensor bytes");
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
    const options = `--encoder convolutional --methods full,cached --batches 4 --chunks 2 --out ${folder}`;
    const { code, out, error } = await deno("bench", ...writing, `${bench}steps_bench.ts`, "--", ...options.split(" "));
    assertEquals(code, 0, error);
    const [times, memory] = out.split("encoder        batch");
    assertMatch(times!, /group convolutional, batch 4\n\| full .*\n\| cached, chunks of 2 /);
    assertMatch(memory!, /^convolutional +4 +full +\d+\.\d +-?\d+\.\d +\d+\.\d\d$/m);
    const points = JSON.parse(Deno.readTextFileSync(`${folder}/steps.json`)) as Point[];
    assertEquals(points.map(({ method, chunk }) => [method, chunk]), [["full", 4], ["cached", 2]]);
    assertStringIncludes(Deno.readTextFileSync(`${folder}/steps_convolutional.svg`), "Resident memory above base");
  }),
);
