import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { findPython, readPeerPoint } from "../../../bench/peers/python.ts";

const point = {
  encoder: "mlp",
  method: "cached",
  batch: 8,
  chunk: 4,
  parameters: 1984640,
  rssAboveBase: 1000,
  ms: 1.5,
  torch: "2.9",
  threads: 2,
  mkl: true,
} as const;

Deno.test("readPeerPoint() reads the last line", () => {
  assertEquals(readPeerPoint(`a warning\n${JSON.stringify(point)}\n`), point);
});

Deno.test("readPeerPoint() says what came in place of a point", () => {
  for (const output of ["", "Traceback", "{}", JSON.stringify({ ...point, ms: "fast" }), JSON.stringify([point])]) {
    assertEquals(readPeerPoint(output), { failure: `it printed "${output.slice(0, 80)}", expected a point` });
  }
});

Deno.test("findPython() takes the first that has PyTorch", () => {
  const modules: { [command: string]: string } = { python3: "sentence_transformers\n", python: "torch\n" };
  assertEquals(findPython({ run: (command) => ({ output: modules[command]! }) }), {
    command: "python",
    modules: ["torch"],
  });
  modules.python3 = "torch sentence_transformers\n";
  assertEquals(findPython({ run: (command) => ({ output: modules[command]! }) }), {
    command: "python3",
    modules: ["torch", "sentence_transformers"],
  });
});

Deno.test("findPython() says what to install", () => {
  const missing = () => {
    throw new Deno.errors.NotFound();
  };
  assertEquals(findPython({ run: missing }), {
    failure: 'there is no python3 or python; install Python and then PyTorch with "pip install torch"',
  });
  // One that does not run is as good as none.
  assertEquals(findPython({ run: (command) => command === "python3" ? { failure: "broken" } : { output: "\n" } }), {
    failure: 'python has no module torch; install it with "pip install torch"',
  });
});

Deno.test("findPython() asks for a library beside PyTorch", () => {
  const modules: { [command: string]: string } = { python3: "torch\n", python: "torch pytorch_metric_learning\n" };
  const ask = () =>
    findPython({ needed: "pytorch-metric-learning", run: (command) => ({ output: modules[command]! }) });
  assertEquals(ask(), { command: "python", modules: ["torch", "pytorch_metric_learning"] });
  modules.python = "torch\n";
  assertEquals(ask(), {
    failure: 'python3 has no module pytorch_metric_learning; install it with "pip install pytorch-metric-learning"',
  });
});

/** Runs the comparison with a shell script for Python. */
async function bench(
  python: string,
  ...options: string[]
): Promise<{ code: number; out: string; error: string; runs: string }> {
  const folder = Deno.makeTempDirSync();
  try {
    for (const name of ["python3", "python"]) {
      Deno.writeTextFileSync(`${folder}/${name}`, `#!/bin/sh\n${python}\n`, { mode: 0o755 });
    }
    const main = fromFileUrl(new URL("../../../bench/peers/main.ts", import.meta.url));
    const permissions = [
      "--allow-read",
      "--allow-write",
      "--allow-env",
      "--allow-ffi",
      "--allow-run=deno,python3,python",
    ];
    const { code, stdout, stderr } = await new Deno.Command("deno", {
      args: ["run", "--no-check", ...permissions, main, "--out", folder, ...options],
      env: { NO_COLOR: "1", GRADFOLD_BACKEND: "wasm", PATH: `${folder}:${Deno.env.get("PATH")}` },
    }).output();
    const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)) as [string, string];
    return { code, out, error, runs: Deno.readTextFileSync(`${folder}/peers.jsonl`) };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("bench:peers fails and says what to install where Python has no PyTorch", async () => {
  const { code, out, error } = await bench("echo sentence_transformers");
  assertEquals([code, out], [1, ""]);
  assertEquals(
    error.trim(),
    'error: Cannot compare with PyTorch: python3 has no module torch; install it with "pip install torch"',
  );
});

Deno.test("bench:peers lets the sides take turns, compares them and writes every run", async () => {
  // Stands for PyTorch: knows torch, and answers each run with the same point.
  const python = `case "$1" in -c) echo torch ;; *) echo '${JSON.stringify(point)}' ;; esac`;
  const options = "--encoder mlp --rounds 1 --batch 8 --chunk 4 --steps 1";
  const { code, out, error, runs } = await bench(python, ...options.split(" "));
  assertEquals(code, 0, error);
  const sides = runs.trimEnd().split("\n").map((run) => JSON.parse(run).side);
  assertEquals(sides, ["gradfold", "PyTorch", "gradfold", "PyTorch"]);
  assertStringIncludes(out, "Held: mlp: 1984640 parameters, in PyTorch 1984640");
  assertStringIncludes(out, "PyTorch: torch 2.9, ");
  // 1,000 bytes are too few for a plan, which is no fault.
  assertStringIncludes(out, "Left out: gradfold, mlp, batch 8, planned, 0.0 MB: Cannot ");
});
