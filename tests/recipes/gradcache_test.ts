import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { main } from "../../recipes/main.ts";
import { engines } from "../support/engines.ts";
import { runTiny } from "./_tiny_gradcache.ts";
import { readJson, recorder, withFolder } from "./support.ts";

for (const encoder of ["bag", "transformer"]) {
  Deno.test(`gradcache runs from the data to the table with the encoder ${encoder}`, () =>
    withFolder(async (folder) => {
      const run = `${folder}/run`;
      await runTiny(run, `encoder=${encoder}`, ...(encoder === "transformer" ? ["seeds=1", "passageTokens=24"] : []));
      const { results } = readJson(`${run}/summary.json`);
      const [small, accumulated, cached, full] = results.methods;
      assertEquals(results.methods.map(({ negatives }: { negatives: number }) => negatives), [15, 15, 63, 63]);
      assertLess(results.lossDistance, 1e-4);
      cached.runs.forEach((scores: Record<string, number>, i: number) => {
        assertAlmostEquals(scores.mrr!, full.runs[i].mrr, 0.02);
      });
      assert(small.runs.every(({ seed, mrr }: { seed: number; mrr: number }, i: number) => seed === i && mrr > 0));
      assert(accumulated.runs[0].mrr !== cached.runs[0].mrr);
      const peaks = Object.fromEntries(
        results.memory.map(({ method, batch, peakBytes }: { method: string; batch: number; peakBytes: number }) => [
          `${method} ${batch}`,
          peakBytes,
        ]),
      );
      assertLess(peaks["cached 64"], peaks["full 64"]);
      assertLess(peaks["cached 64"] - peaks["cached 32"], (peaks["full 64"] - peaks["full 32"]) / 2);
      for (const figure of ["recall", "loss", "memory"]) {
        assert(Deno.readTextFileSync(`${run}/figures/${figure}.svg`).startsWith("<svg"));
      }
      assert(Deno.readTextFileSync(`${run}/results.md`).includes("| gradient caching 64"));
    }));
}

for (
  const [setting, message] of [
    ["chunk=1000", "chunk"],
    ["methods=[cached, cached]", "methods"],
    ["memory=64 MBytes", 'memory is "64 MBytes", expected a number of bytes or a text such as "64MB"'],
    ["memory=1kB", "memory is 1000 B, expected at least"],
    ["chunkTokens=0", "chunkTokens is 0, expected an integer of at least 1"],
    ["batch=200000", "batch is 200000, expected at most the 1"],
  ] as const
) {
  Deno.test(`gradcache refuses ${setting} in one line`, () =>
    withFolder(async (folder) => {
      const terminal = recorder();
      const args = ["gradcache", "--out", `${folder}/run`, "--backend", engines[0]!, "--set", setting];
      assertEquals(await main(args, { terminal }), 2);
      assertEquals(terminal.errors.length, 1);
      assert(terminal.errors[0]!.includes(message), terminal.errors[0]);
    }));
}
