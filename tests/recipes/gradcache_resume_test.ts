import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { main } from "../../recipes/main.ts";
import { engines } from "../support/engines.ts";
import { runTiny, tinyArguments } from "./_tiny_gradcache.ts";
import { readJson, recorder, withFolder } from "./support.ts";

const PERMISSIONS = [
  "--no-prompt",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-ffi",
  "--allow-sys=homedir",
];
const SETTINGS = ["dropout=0.1", "seeds=1", "examples=1536", "methods=[accumulate, cached]", "memoryBatches=[32]"];

/** Everything of a summary's methods but the times. */
function methodsOf(run: string): unknown {
  const { results } = readJson(`${run}/summary.json`);
  return results.methods.map(({ runs, ...method }: { runs: { msPerExample: number }[] }) => ({
    ...method,
    runs: runs.map(({ msPerExample, ...rest }) => {
      assert(msPerExample > 0);
      return rest;
    }),
  }));
}

Deno.test(
  "gradcache goes on within a training, to the metrics and scores of a run that was not stopped",
  { ignore: Deno.build.os === "windows" },
  () =>
    withFolder(async (folder) => {
      const run = `${folder}/run`;
      const script = fromFileUrl(new URL("../../recipes/main.ts", import.meta.url));
      const child = new Deno.Command("deno", {
        args: ["run", "--quiet", "--no-check", ...PERMISSIONS, script, ...tinyArguments(run, ...SETTINGS)],
        stdout: "null",
        stderr: "null",
      }).spawn();
      const lines = () => {
        try {
          return Deno.readTextFileSync(`${run}/metrics.jsonl`).split("\n").length - 1;
        } catch {
          return 0;
        }
      };
      let ended = false;
      const status = child.status.finally(() => ended = true);
      // In the second of two trainings of 24 steps.
      while (lines() < 26 && !ended) await new Promise((resolve) => setTimeout(resolve, 5));
      if (!ended) child.kill("SIGINT");
      assertEquals((await status).code, 130);
      const terminal = recorder();
      assertEquals(await main(["gradcache", "--resume", run], { terminal }), 0, terminal.errors.join("\n"));
      const said = `Going on with ${run}: 1 part is done, cached, seed 0 from step `;
      assert(terminal.printed[0]!.startsWith(said), terminal.printed[0]);

      await runTiny(`${folder}/whole`, ...SETTINGS);
      const [metrics, expected] = [run, `${folder}/whole`].map((path) =>
        Deno.readTextFileSync(`${path}/metrics.jsonl`)
      );
      assertEquals(metrics, expected);
      assertEquals(methodsOf(run), methodsOf(`${folder}/whole`));
      assertEquals(readJson(`${run}/summary.json`).engine, engines[0]);
    }),
);
