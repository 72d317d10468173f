import { assertEquals, assertRejects } from "@std/assert";
import { createRunFolder, openRunFolder, type OwnedRunFolder } from "../../recipes/runner/run_folder.ts";
import type { UnitCheckpoint } from "../../recipes/runner/recipe.ts";
import { loadRun } from "../../recipes/runner/run_state.ts";
import { createUnits, type Units } from "../../recipes/runner/units.ts";
import { withFolder } from "./support.ts";

function unitsOf(run: OwnedRunFolder, options: Partial<Parameters<typeof createUnits>[0]> = {}): Units {
  return createUnits({
    path: run.path,
    metrics: run.metrics,
    from: undefined,
    every: 0,
    runner: () => ({ seconds: 0, resumed: 0, results: {} }),
    turn: () => Promise.resolve(),
    signal: new AbortController().signal,
    ...options,
  });
}

/** Goes on with a run folder as the runner does. */
async function reopen(path: string): Promise<[OwnedRunFolder, Units]> {
  const run = openRunFolder({ recipe: "toy", path });
  const from = await loadRun(path, () => {});
  run.metrics.rewind(from?.state.metrics ?? { lines: 0, bytes: 0 });
  return [run, unitsOf(run, { from })];
}

const withRun = (body: (run: OwnedRunFolder) => Promise<void>) =>
  withFolder(async (folder) => {
    const run = createRunFolder({ recipe: "toy", out: `${folder}/run` });
    await body(run);
    run.close();
  });

const checkpoint = (step: number): UnitCheckpoint => ({
  step,
  tensors: { w: { shape: [2], data: new Float32Array([step, -0]) } },
  state: { loss: step === 0 ? NaN : 1 / step },
});

Deno.test("unit() gives back the same in a resumed run without doing the work, numbers of any kind", () =>
  withRun(async (run) => {
    const result = { losses: [NaN, -0, Infinity, 1 / 3], none: null, word: "é" };
    assertEquals(await unitsOf(run).unit("a", () => Promise.resolve({ ...result, gone: undefined })), result);
    run.metrics.close();
    const [again, units] = await reopen(run.path);
    assertEquals(await units.unit("a", () => Promise.reject(new Error("done twice"))), result);
    again.close();
    // For withRun to close.
    Object.assign(run, { close() {} });
  }));

Deno.test("unit() goes on from the last offer, with one line of metrics for each", () =>
  withRun(async (run) => {
    const stop = new Error("stop");
    const work = (units: Units, folder: OwnedRunFolder, end: number) => async () => {
      folder.metric({ between: 0 });
      await units.unit("a", () => {
        folder.metric({ a: 0 });
        return Promise.resolve(1);
      });
      folder.metric({ between: 1 });
      return await units.unit("b", async ({ saved, offer }) => {
        if (saved) assertEquals(saved, checkpoint(saved.step));
        for (let i = saved?.step ?? 0; i < 9; i++) {
          folder.metric({ b: i });
          if (i === end) throw stop;
          await offer(() => Promise.resolve(checkpoint(i + 1)));
        }
        return saved?.step;
      });
    };
    await assertRejects(work(unitsOf(run), run, 3), Error, "stop");
    run.metrics.close();
    const [second, units] = await reopen(run.path);
    await assertRejects(work(units, second, 6), Error, "stop");
    second.close();
    const [third, last] = await reopen(run.path);
    assertEquals(await work(last, third, Infinity)(), 6);
    third.close();
    const lines = Deno.readTextFileSync(`${run.path}/metrics.jsonl`).trimEnd().split("\n");
    const steps = Array.from({ length: 9 }, (_, i) => `{"b":${i}}`);
    assertEquals(lines, ['{"between":0}', '{"a":0}', '{"between":1}', ...steps]);
    Object.assign(run, { close() {} });
  }));

Deno.test("unit() refuses to go on where the recipe does something else than before", () =>
  withRun(async (run) => {
    const units = unitsOf(run);
    run.metric({ between: 0 });
    await units.unit("a", () => Promise.resolve(1));
    run.metrics.close();
    const [again, other] = await reopen(run.path);
    await assertRejects(
      () => other.unit("b", () => Promise.resolve(1)),
      Error,
      "Cannot resume in b: metrics.jsonl has 1 lines more than were written again until here",
    );
    again.close();
    Object.assign(run, { close() {} });
  }));

Deno.test("unit() refuses names that are taken, units within units and results that are no plain data", () =>
  withRun(async (run) => {
    const { unit } = unitsOf(run);
    await unit("a", () => Promise.resolve(null));
    await assertRejects(() => unit("a", () => Promise.resolve(null)), Error, "unit a: another one has this name");
    await assertRejects(
      () => unit("b", () => unit("c", () => Promise.resolve(null))),
      Error,
      "Cannot begin the unit c within b",
    );
    await assertRejects(
      () => unit("d", () => Promise.resolve({ scores: new Float32Array(2) })),
      TypeError,
      "the result of d.scores as JSON: it is a Float32Array",
    );
  }));

Deno.test("offer() makes a checkpoint when one is due, and one more before it stops", () =>
  withRun(async (run) => {
    const controller = new AbortController();
    const { signal } = controller;
    const made: number[] = [];
    const units = unitsOf(run, { every: 3600, signal });
    const work = () =>
      units.unit("a", async ({ offer }) => {
        for (let i = 0;; i++) {
          if (i === 3) controller.abort(new Error("Ctrl-C"));
          await offer(() => {
            made.push(i);
            return Promise.resolve(checkpoint(i));
          });
          assertEquals(units.offering, true);
        }
      });
    await assertRejects(work, Error, "Ctrl-C");
    assertEquals([made, units.kept, units.offering], [[3], true, false]);
  }));
