import { assert, assertEquals } from "@std/assert";
import { FIXTURES, readJson, withFolder } from "./support.ts";

const PERMISSIONS = ["--no-prompt", "--allow-read", "--allow-write", "--allow-env", "--allow-ffi"];
const KILLS = 20;

/** Starts small trainings with a checkpoint after every step, in a process of their own. */
function start(...args: string[]): { child: Deno.ChildProcess; begun: Promise<void>; printed: Promise<string> } {
  const child = new Deno.Command("deno", {
    args: ["run", "--quiet", "--no-check", ...PERMISSIONS, `${FIXTURES}eager.ts`, "train", ...args],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let begin: () => void;
  const begun = new Promise<void>((resolve) => begin = resolve);
  const read = async (): Promise<string> => {
    let printed = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      printed += text;
      begin();
    }
    begin();
    return printed;
  };
  return { child, begun, printed: read() };
}

function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch {
    return [];
  }
}

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Waits until a process is writing a checkpoint, for some seconds at most. */
async function writing(run: string): Promise<void> {
  const end = performance.now() + 5000;
  while (performance.now() < end && !namesIn(`${run}/checkpoints`).some((name) => name.endsWith(".part"))) {
    await wait(0);
  }
}

Deno.test(
  `a run that is killed ${KILLS} times, at any moment, ends with the metrics of one that was not`,
  { ignore: Deno.build.os === "windows" },
  () =>
    withFolder(async (folder) => {
      const settings = ["--backend", "cpu", "--set", "steps=50"];
      const whole = start("--out", `${folder}/whole`, ...settings);
      assertEquals((await whole.child.status).code, 0, await whole.printed);

      const run = `${folder}/run`;
      let torn = 0;
      let next = start("--out", run, ...settings);
      for (let kill = 0; kill < KILLS; kill++) {
        await next.begun;
        // Half of them hit a process that writes a checkpoint, the others whatever it does.
        if (kill % 2 === 0) await writing(run);
        else await wait(Math.random() * 100);
        try {
          next.child.kill("SIGKILL");
        } catch {
          // It ended by itself.
        }
        const { signal } = await next.child.status;
        assertEquals(signal, "SIGKILL", `the run ended before it was killed: ${await next.printed}`);
        await next.printed;
        if (namesIn(`${run}/checkpoints`).some((name) => name.endsWith(".part"))) torn++;
        next = start("--resume", run);
      }
      assertEquals((await next.child.status).code, 0, await next.printed);
      assert(torn > 0, "no kill hit a process that wrote a checkpoint");
      const [expected, metrics] = [`${folder}/whole`, run].map((path) => Deno.readFileSync(`${path}/metrics.jsonl`));
      assertEquals(metrics, expected);
      const [before, after] = [`${folder}/whole`, run].map((path) => readJson(`${path}/summary.json`));
      assertEquals([after.status, after.results], ["completed", before.results]);
      assert(after.resumed > 0);
    }),
);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(
    `a run that is stopped by ${signal} makes a checkpoint of its last step, and says how to go on`,
    { ignore: Deno.build.os === "windows" },
    () =>
      withFolder(async (folder) => {
        const run = `${folder}/run`;
        // The runner's own interval, too long to make a checkpoint here.
        const args = ["train", "--out", run, "--backend", "cpu", "--set", "steps=100000"];
        const child = new Deno.Command("deno", {
          args: ["run", "--quiet", "--no-check", ...PERMISSIONS, `${FIXTURES}main.ts`, ...args],
          stdout: "piped",
          stderr: "null",
        }).spawn();
        const lines = () => Deno.readTextFileSync(`${run}/metrics.jsonl`).trimEnd().split("\n");
        let ended = false;
        const output = child.output().finally(() => ended = true);
        while (!ended && (!namesIn(run).includes("metrics.jsonl") || lines().length < 5)) await wait(20);
        if (!ended) child.kill(signal);
        const { code, stdout } = await output;
        assertEquals(code, signal === "SIGINT" ? 130 : 143);
        const how = `what there is lies in ${run}; to go on: deno task recipe --resume ${run}`;
        assertEquals(new TextDecoder().decode(stdout), `started\nInterrupted; ${how}\n`);
        const made = lines().length - 1;
        const again = start("--resume", run);
        await again.begun;
        again.child.kill("SIGKILL");
        await again.child.status;
        const said = `Going on with ${run}: 0 parts are done, training 0 from step ${made} on`;
        assertEquals((await again.printed).split("\n")[0], said);
      }),
  );
}
