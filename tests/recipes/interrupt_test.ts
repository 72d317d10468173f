import { assert, assertEquals } from "@std/assert";
import { FIXTURES, readJson, withFolder } from "./support.ts";

const PERMISSIONS = ["--no-prompt", "--allow-read", "--allow-write", "--allow-env", "--allow-ffi"];

/** Starts the runner in a process of its own and waits until the recipe has begun. */
async function startRun(args: readonly string[]): Promise<{ child: Deno.ChildProcess; ended: Promise<string> }> {
  const child = new Deno.Command("deno", {
    args: ["run", "--quiet", "--no-check", ...PERMISSIONS, `${FIXTURES}main.ts`, "count", "--backend", "cpu", ...args],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let printed = "";
  while (!printed.includes("started\n")) {
    const { value, done } = await reader.read();
    assert(!done, `The recipe ended before it began: ${printed}`);
    printed += value;
  }
  const rest = async (): Promise<string> => {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) printed += chunk.value;
    return printed;
  };
  return { child, ended: rest() };
}

const ignore = Deno.build.os === "windows";

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test(
    `main() stops between steps on ${signal} and leaves a readable run folder`,
    { ignore },
    () =>
      withFolder(async (folder) => {
        const { child, ended } = await startRun(["--out", `${folder}/run`, "--set", "mode=endless"]);
        child.kill(signal);
        assertEquals((await child.status).code, code);
        assertEquals((await ended).includes(`what there is lies in ${folder}/run`), true);
        const summary = readJson(`${folder}/run/summary.json`);
        assertEquals(summary.status, "interrupted");
        const lines = Deno.readTextFileSync(`${folder}/run/metrics.jsonl`).trimEnd().split("\n");
        assertEquals(lines.map((line) => JSON.parse(line).step), lines.map((_, step) => step));
        assertEquals(summary.results.reached, lines.length);
        assert(Deno.readTextFileSync(`${folder}/run/config.yaml`).includes("mode: endless"));
      }),
  );
}

Deno.test(
  "main() ends at once on the second Ctrl-C, even within a step",
  { ignore },
  () =>
    withFolder(async (folder) => {
      // The step after the first signal would take a minute without yielding to it.
      const { child, ended } = await startRun(["--out", `${folder}/run`, "--set", "mode=deaf"]);
      child.kill("SIGINT");
      while (!exists(`${folder}/run/summary.json`)) await new Promise((resolve) => setTimeout(resolve, 20));
      child.kill("SIGINT");
      const { code, signal } = await child.status;
      await ended;
      assertEquals([code, signal], [130, "SIGINT"]);
      assertEquals(readJson(`${folder}/run/summary.json`).status, "interrupted");
    }),
);

Deno.test("the runner's process exits with the status of the request", () =>
  withFolder(async (folder) => {
    const status = async (...args: string[]): Promise<[number, string]> => {
      const { code, stdout, stderr } = await new Deno.Command("deno", {
        args: ["run", "--quiet", "--no-check", ...PERMISSIONS, `${FIXTURES}main.ts`, ...args],
      }).output();
      return [code, code === 2 ? new TextDecoder().decode(stderr) : new TextDecoder().decode(stdout)];
    };
    const [completed, printed] = await status("count", "--smoke", "--backend", "cpu", "--out", `${folder}/run`);
    assertEquals([completed, printed], [0, `counting to 4\nstarted\nResults are in ${folder}/run\n`]);
    assertEquals(await status("coumt"), [2, 'Unknown recipe "coumt", did you mean "count"?\n']);
  }));

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
