import { assert, assertEquals, assertLess, assertLessOrEqual, assertThrows } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { describePlan, type MemoryPlan } from "../../core/mod.ts";
import { planTeller } from "../../recipes/gradcache/plan_teller.ts";
import { recipe } from "../../recipes/gradcache/recipe.ts";
import { resolveConfig } from "../../recipes/runner/config.ts";
import { UsageError } from "../../recipes/runner/usage_error.ts";
import { metricsOf, runTiny } from "./_tiny_gradcache.ts";
import { readJson, withFolder } from "./support.ts";

Deno.test("gradcache trains in a budget of memory, and says and records how", () =>
  withFolder(async (folder) => {
    const run = `${folder}/run`;
    const settings = ["memory=1MB", "methods=[cached, full]", "seeds=1", "rows=200"];
    const printed = await runTiny(run, ...settings);
    const plans = metricsOf(run, "cached").map(({ plan }) => plan as MemoryPlan);
    assertEquals(plans.length, 4);
    for (const { budgetBytes, predictedBytes, peakBytes, inputs } of plans) {
      assertEquals(budgetBytes, 1e6);
      for (const bytes of [predictedBytes, peakBytes]) assert(bytes > 0 && bytes <= budgetBytes);
      assert(inputs.every(({ chunks, kept, chunkTokens }) => chunks > 0 && kept <= chunks && chunkTokens! > 0));
    }
    assertEquals(plans[0]!.inputs.map(({ kept }) => kept), [0, 0]);
    assert(metricsOf(run, "full").every((row) => !("plan" in row)));

    const lines = printed.filter((line) => line.includes(" from step "));
    assert(lines.length > 0 && lines.length < plans.length);
    assertEquals(lines[0], `gradient caching 64, 1MB, seed 0: from step 2 on ${describePlan(plans[1]!)}`);

    const { results } = readJson(`${run}/summary.json`);
    const [cached, full] = results.methods;
    assertEquals(cached.runs[0].plan, plans.at(-1));
    assertEquals(cached.runs[0].peakBytes, Math.max(...plans.map(({ peakBytes }) => peakBytes)));
    assert(!("plan" in full.runs[0]));
    assertLess(results.lossDistance, 1e-4);
    const peaks = results.memory.filter(({ method }: { method: string }) => method === "cached");
    assertEquals(peaks.length, 2);
    for (const { peakBytes } of peaks) assertLessOrEqual(peakBytes, 1e6);
  }));

Deno.test("gradcache trains in chunks by tokens", () =>
  withFolder(async (folder) => {
    const run = `${folder}/run`;
    await runTiny(run, "chunkTokens=500", "keep=1", "methods=[cached, full]", "seeds=1");
    const { results } = readJson(`${run}/summary.json`);
    assertEquals(results.methods[0].method, "gradient caching 64, chunks of 500 tokens");
    assertLess(results.lossDistance, 1e-4);
    assertLess(results.methods[0].runs[0].peakBytes, results.methods[1].runs[0].peakBytes);
  }));

Deno.test("gradcache leaves batches out of the figure that the budget is too small for", () =>
  withFolder(async (folder) => {
    const run = `${folder}/run`;
    const settings = ["memory=1MB", "methods=[cached]", "seeds=1", "rows=200", "memoryBatches=[64, 4096]"];
    const printed = await runTiny(run, ...settings);
    assert(printed.some((line) => line.startsWith("Batch 4096: Cannot plan a step: memory is 1000000 B")));
    const { results } = readJson(`${run}/summary.json`);
    const methods = results.memory.map(({ method, batch }: { method: string; batch: number }) => `${method} ${batch}`);
    assertEquals(methods, ["cached 64", "full 64", "full 4096"]);
  }));

Deno.test("gradcache takes for a budget what a step takes, and nothing else", () => {
  const file = fromFileUrl(new URL("../../recipes/gradcache/config.yaml", import.meta.url));
  const set = (memory: string) => resolveConfig(recipe as never, { file, set: [`memory=${memory}`] }).config.memory;
  const taken = ["64MB", "1.5 GiB", "1e6", "1000", "12 kB", "1B", "null"].map(set);
  assertEquals(taken, ["64MB", "1.5 GiB", 1e6, 1000, "12 kB", "1B", null]);
  for (const memory of ["64mb", "0", "-1", "-1MB", "'64'", "0.1B", "many"]) {
    assertThrows(() => set(memory), UsageError, 'expected a number of bytes or a text such as "64MB"');
  }
  for (const memory of ["[1]", "true", ".inf"]) {
    assertThrows(() => set(memory), UsageError, "expected a text or a number or null");
  }
});

Deno.test("planTeller() speaks when a plan settles and when what it decides changes", () => {
  const plan = (kept: number, more: Partial<MemoryPlan> = {}, chunkTokens?: number): MemoryPlan => ({
    budgetBytes: 2e6,
    predictedBytes: 1e6,
    peakBytes: 1e6 + 10_000 * kept,
    tileBytes: 1e5,
    relativeTime: 1.25,
    inputs: [{ name: "input 0", chunkSize: 8, chunks: 5 + kept, kept, ...(chunkTokens ? { chunkTokens } : {}) }],
    corrected: false,
    ...more,
  });
  const stepsTold = (plans: readonly MemoryPlan[]) => {
    const lines: string[] = [];
    const tell = planTeller(plans.length, (line) => lines.push(line));
    plans.forEach((plan, step) => tell(step, plan));
    return lines.map((line) => Number(/^from step (\d+) on \d+ chunks of 8/.exec(line)![1]));
  };
  const corrected = { corrected: true };
  assertEquals(stepsTold([plan(0), plan(1), plan(1), plan(2), plan(2, corrected), plan(2, corrected)]), [2, 4, 5]);
  assertEquals(stepsTold([plan(0)]), [1]);
  // By tokens the number of chunks is another in each batch.
  assertEquals(stepsTold([0, 0, 1, 2, 1, 0].map((kept) => plan(kept, {}, 8))), [2, 3, 6]);
});
