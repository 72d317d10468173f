import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runScript, type ScriptResult } from "../support/scripts.ts";

/** Runs a script in a process of its own that may use so many threads; it must end by itself. */
function script(code: string, threads: string): Promise<ScriptResult> {
  const permissions = ["--allow-read", "--allow-env", "--allow-ffi"];
  return runScript(code, { permissions, env: { GRADFOLD_WASM_THREADS: threads } });
}

const compute = `
  import * as tf from "@tensorflow/tfjs";
  import { key, useBackend } from "./core/mod.ts";
  import { normal } from "./core/stream.ts";
  import os from "node:os";
  import threads from "node:worker_threads";
  const [page, cpus, thread] = [globalThis.Worker, os.cpus, threads.Worker];
  await useBackend({ backend: "wasm" });
  const a = tf.tensor2d(normal(key(1), [0], 300 * 200), [300, 200]);
  const b = tf.tensor2d(normal(key(1), [1], 200 * 100), [200, 100]);
  const product = tf.matMul(a, b).dataSync();
  let worst = 0;
  const [x, y] = [a.dataSync(), b.dataSync()];
  for (let i = 0; i < 300; i++) {
    for (let j = 0; j < 100; j++) {
      let sum = 0;
      for (let k = 0; k < 200; k++) sum += x[i * 200 + k] * y[k * 100 + j];
      worst = Math.max(worst, Math.abs(sum - product[i * 100 + j]));
    }
  }
  console.log("right", worst < 1e-4);
  console.log("restored", globalThis.Worker === page, os.cpus === cpus, threads.Worker === thread);`;

Deno.test("the wasm engine computes with threads where they are asked for, and the process ends", async () => {
  const { success, output } = await script(compute, "2");
  assert(success, output);
  assertStringIncludes(output, "2 threads");
  assertStringIncludes(output, "right true");
  assertStringIncludes(output, "restored true true true");
});

Deno.test("the wasm engine computes without threads where they do not start", async () => {
  const broken = `
    import { startWasm, wasmThreads } from "./core/wasm/threads.ts";
    console.log("started", await startWasm("/nowhere/", "2"), wasmThreads());`;
  const { success, output } = await script(broken, "1");
  assert(success, output);
  assertEquals(output.trim(), "started true 1");
});

Deno.test("the wasm engine refuses what is no number of threads", async () => {
  for (const wrong of ["none", "0", "2.5", "9"]) {
    const { output } = await script(
      `import { useBackend } from "./core/mod.ts"; await useBackend({ backend: "wasm" });`,
      wrong,
    );
    assertStringIncludes(output, `GRADFOLD_WASM_THREADS is "${wrong}", expected an integer from 1 to 8`);
  }
});
