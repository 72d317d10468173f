import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { peerRun } from "./_memory_run.ts";

/** Runs the bench with a shell script for Python. */
async function bench(python: string, ...options: string[]) {
  const folder = Deno.makeTempDirSync();
  try {
    for (const name of ["python3", "python"]) {
      Deno.writeTextFileSync(`${folder}/${name}`, `#!/bin/sh\n${python}\n`, { mode: 0o755 });
    }
    const file = fromFileUrl(new URL("../../bench/memory.ts", import.meta.url));
    const permissions = ["--allow-read", "--allow-write", "--allow-env", "--allow-ffi"];
    const { code, stdout, stderr } = await new Deno.Command("deno", {
      args: ["run", "--no-check", ...permissions, "--allow-run=deno,python3,python", file, "--out", folder, ...options],
      env: { NO_COLOR: "1", GRADFOLD_BACKEND: "wasm", PATH: `${folder}:${Deno.env.get("PATH")}` },
    }).output();
    const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)) as [string, string];
    return { code, out, error, runs: Deno.readTextFileSync(`${folder}/memory.jsonl`) };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("bench:memory fails and says what to install where Python has no pytorch-metric-learning", async () => {
  const { code, out, error } = await bench("echo torch", "--peers");
  assertEquals([code, out], [1, ""]);
  assertStringIncludes(
    error,
    'pytorch-metric-learning: python3 has no module pytorch_metric_learning; install it with "pip',
  );
});

Deno.test("bench:memory measures with and without a memory, within a budget, and beside PyTorch", async () => {
  const { round: _round, side: _side, ...point } = peerRun({ size: 64, parameters: 323488 });
  // Stands for PyTorch: knows its libraries, and answers each run with the same point.
  const python = `case "$1" in -c) echo torch pytorch_metric_learning ;; *) echo '${JSON.stringify(point)}' ;; esac`;
  const options = "--peers --losses contrastive --entries far --size 64 --batch 4 --rounds 1 --steps 1";
  const { code, out, error, runs } = await bench(python, ...options.split(" "));
  assertEquals(code, 0, out + error);
  const points = runs.trimEnd().split("\n").map((run) => JSON.parse(run));
  assertEquals(points.map(({ side, budget, convention }) => [side, budget, convention]), [
    ["gradfold", undefined, "sum"],
    ["gradfold", 60e6, "sum"],
    ["gradfold", undefined, "joint"],
    ["PyTorch", undefined, undefined],
  ]);
  assertStringIncludes(out, "Held: the residual encoder: 323488 parameters, in PyTorch 323488");
  assertStringIncludes(out, "Held: contrastive, 64 entries far within 60 MB: peak tensor bytes are ");
});
