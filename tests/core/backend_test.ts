import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type BackendName, canReadSync, startableBackends, useBackend } from "../../core/backend.ts";
import { missingTensorflow } from "../../core/tensorflow.ts";
import { engineTest } from "../support/mod.ts";
import { runScript } from "../support/scripts.ts";

/** Runs a function with `GRADFOLD_BACKEND` set, or unset. */
async function withVariable<T>(value: string | undefined, run: () => Promise<T>): Promise<T> {
  const before = Deno.env.get("GRADFOLD_BACKEND");
  const set = (to: string | undefined) =>
    to === undefined ? Deno.env.delete("GRADFOLD_BACKEND") : Deno.env.set("GRADFOLD_BACKEND", to);
  set(value);
  try {
    return await run();
  } finally {
    set(before);
  }
}

/** The lines that a function prints on the error stream through the console. */
async function printed(run: () => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  const original = console.error;
  console.error = (...parts: unknown[]) => void lines.push(parts.join(" "));
  try {
    await run();
  } finally {
    console.error = original;
  }
  return lines;
}

/** What a script writes in a process of its own with the permissions given. */
async function script(code: string, ...permissions: string[]): Promise<string> {
  return (await runScript(code, { permissions })).output;
}

const start = (options: string) => `
  import { useBackend } from "./core/backend.ts";
  try {
    console.log("chose", await useBackend(${options}));
  } catch (error) {
    console.log(error.name, error.message);
  }`;

engineTest("useBackend() makes the engine compute", async (engine) => {
  assertEquals(await useBackend({ backend: engine, quiet: true }), engine);
  assertEquals(tf.getBackend(), engine);
  assertEquals(canReadSync(), true);
  const x = tf.tensor1d([1, 2, 3]);
  const sum = tf.sum(x);
  assertEquals(sum.dataSync()[0], 6);
  tf.dispose([x, sum]);
});

engineTest("useBackend() prints one line that names the engine, and none when quiet", async (engine) => {
  const lines = await printed(() => useBackend({ backend: engine }));
  assertEquals(lines.length, 1);
  assertStringIncludes(lines[0]!, `gradfold: ${engine} engine (TensorFlow`);
  assertEquals(await printed(() => useBackend({ backend: engine, quiet: true })), []);
});

engineTest("useBackend() moves tensors along when the engine changes", async (engine) => {
  const x = tf.tensor1d([1, -2, 3]);
  await useBackend({ backend: "cpu", quiet: true });
  const onCpu = tf.neg(x);
  await useBackend({ backend: engine, quiet: true });
  const back = tf.neg(onCpu);
  assertEquals([...back.dataSync()], [1, -2, 3]);
  tf.dispose([x, onCpu, back]);
});

Deno.test("useBackend() prefers the best engine that is installed", async () => {
  const [best] = await startableBackends();
  assertEquals(await withVariable(undefined, () => useBackend({ quiet: true })), best);
  assertEquals(await withVariable("", () => useBackend({ quiet: true })), best);
});

Deno.test("useBackend() follows GRADFOLD_BACKEND, and its option before that", async () => {
  assertEquals(await withVariable("cpu", () => useBackend({ quiet: true })), "cpu");
  assertEquals(await withVariable("cpu", () => useBackend({ backend: "wasm", quiet: true })), "wasm");
});

Deno.test("useBackend() refuses an unknown name, says where it came from, and changes nothing", async () => {
  await useBackend({ backend: "wasm", quiet: true });
  await assertRejects(() => useBackend({ backend: "gpu" as BackendName }), RangeError, 'the engine "gpu": expected');
  await withVariable("torch", () => assertRejects(() => useBackend(), RangeError, '"torch" (from GRADFOLD_BACKEND)'));
  assertEquals(tf.getBackend(), "wasm");
});

Deno.test("useBackend() goes without the environment and without the disk where they are not permitted", async () => {
  const output = await script(start("{}"));
  assertStringIncludes(output, "chose cpu");
  assertStringIncludes(output, "gradfold: cpu engine");
  assertStringIncludes(output, "Cannot start the wasm engine: it needs --allow-read for ");
});

Deno.test("useBackend() needs nothing but reading for wasm, and says so", async () => {
  assertStringIncludes(await script(start("{ backend: 'wasm', quiet: true }"), "--allow-read"), "chose wasm");
  const output = await script(start("{ backend: 'wasm' }"));
  assertStringIncludes(output, "Error Cannot start the wasm engine: it needs --allow-read for ");
});

Deno.test("useBackend() reports a tensorflow engine that cannot start, and keeps the one that runs", async () => {
  const output = await script(
    `import * as tf from "@tensorflow/tfjs";
    import { useBackend } from "./core/backend.ts";
    await useBackend({ backend: "wasm", quiet: true });
    await useBackend({ backend: "tensorflow" }).catch((error) => console.log(error.message));
    console.log(tf.getBackend(), tf.square(3).dataSync()[0]);`,
    "--allow-read",
  );
  assertStringIncludes(output, "Cannot start the tensorflow engine: ");
  assertStringIncludes(output, "wasm 9");
});

Deno.test("missingTensorflow() says how to install the engine", () => {
  const missing = missingTensorflow("npm:@tensorflow/no-such-package@1.0.0");
  assert(missing);
  assertStringIncludes(missing, "deno task setup");
  assertStringIncludes(missing, "jsr:@gradfold/gradfold/setup");
});

Deno.test("startableBackends() lists wasm always, and last", async () => {
  assertEquals((await startableBackends()).at(-1), "wasm");
});
