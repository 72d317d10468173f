import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { createRunFolder } from "../../recipes/runner/run_folder.ts";
import { readJson, runMain, withFolder } from "./support.ts";

/** Runs the recipe of small trainings into a folder. */
const train = (folder: string, ...set: string[]) =>
  runMain(["train", "--backend", "cpu", "--out", `${folder}/run`, ...set.flatMap((entry) => ["--set", entry])], folder);

/** Everything in a folder, by path. */
function contentsOf(folder: string): Record<string, string> {
  return Object.fromEntries([...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    return isDirectory ? Object.entries(contentsOf(path)) : [[path, Deno.readTextFileSync(path)]];
  }));
}

Deno.test("main() --resume goes on with a recipe that failed, and leaves what a run without the fault leaves", () =>
  withFolder(async (folder) => {
    const { status, errors } = await train(folder, "failAt=[1, 7]");
    assertEquals(status, 1);
    const how = `to go on: deno task recipe --resume ${folder}/run`;
    assertStringIncludes(errors.at(-1)!, `The recipe failed; what there is lies in ${folder}/run; ${how}`);
    const failed = Deno.readTextFileSync(`${folder}/run/metrics.jsonl`);
    // A line that a process had begun to write when it was killed.
    Deno.writeTextFileSync(`${folder}/run/metrics.jsonl`, `${failed}{"unit":1,"st`);
    const mended = Deno.readTextFileSync(`${folder}/run/config.yaml`).replace(/failAt:[^:]*7\n/, "failAt: null\n");
    Deno.writeTextFileSync(`${folder}/run/config.yaml`, mended);

    const resumed = await runMain(["--resume", `${folder}/run`], folder);
    assertEquals([resumed.status, resumed.errors], [0, []]);
    assertEquals(resumed.printed[0], `Going on with ${folder}/run: 1 part is done, training 1 from step 7 on`);
    await runMain(["train", "--backend", "cpu"], folder);
    const [metrics, whole] = [`${folder}/run`, `${folder}/runs/train-001`].map((run) =>
      Deno.readTextFileSync(`${run}/metrics.jsonl`)
    );
    assertEquals(metrics, whole);
    const { seconds, ...summary } = readJson(`${folder}/run/summary.json`);
    assert(seconds > 0);
    const { seconds: _, ...expected } = readJson(`${folder}/runs/train-001/summary.json`);
    assertEquals(summary, { ...expected, resumed: 1 });
    assertEquals([...Deno.readDirSync(`${folder}/run`)].map(({ name }) => name).sort(), [
      "config.yaml",
      "metrics.jsonl",
      "summary.json",
    ]);
  }));

Deno.test("main() --resume changes nothing in a run that is complete", () =>
  withFolder(async (folder) => {
    await train(folder, "steps=2", "units=1");
    const before = contentsOf(`${folder}/run`);
    const { status, printed } = await runMain(["train", "--resume", `${folder}/run`], folder);
    assertEquals([status, printed], [0, [`Nothing is left to do: the run in ${folder}/run is complete`]]);
    assertEquals(contentsOf(`${folder}/run`), before);
  }));

Deno.test("main() --resume uses the checkpoint before one that is damaged, and says so", () =>
  withFolder(async (folder) => {
    await train(folder, "failAt=[1, 7]");
    const last = [...Deno.readDirSync(`${folder}/run/checkpoints`)].map(({ name }) => name).sort().at(-1)!;
    Deno.truncateSync(`${folder}/run/checkpoints/${last}/tensors.safetensors`, 50);
    const { printed, errors } = await runMain(["train", "--resume", `${folder}/run`], folder);
    assertStringIncludes(errors[0]!, `Cannot use the checkpoint ${folder}/run/checkpoints/${last}: tensors`);
    assertStringIncludes(printed[0]!, "1 part is done, training 1 from step 6 on");
  }));

Deno.test("main() --resume starts over where there is no checkpoint", () =>
  withFolder(async (folder) => {
    await runMain(["count", "--backend", "cpu", "--out", `${folder}/run`, "--set", "mode=fail"], folder);
    const before = Deno.readTextFileSync(`${folder}/run/metrics.jsonl`);
    const { status, printed } = await runMain(["--resume", `${folder}/run`], folder);
    assertEquals(status, 1);
    assertEquals(printed[0], `There is no checkpoint in ${folder}/run to go on from; the run starts over`);
    assertEquals(Deno.readTextFileSync(`${folder}/run/metrics.jsonl`), before);
  }));

Deno.test("main() --resume warns of other versions", () =>
  withFolder(async (folder) => {
    await train(folder, "failAt=[0, 2]");
    const file = `${folder}/run/config.yaml`;
    Deno.writeTextFileSync(file, Deno.readTextFileSync(file).replace(/deno: .*/, "deno: 1.0.0"));
    const { errors } = await runMain(["--resume", `${folder}/run`], folder);
    assertMatch(errors[0]!, /^The run was begun with deno 1.0.0, now it is \d.*: numbers may differ from those of/);
  }));

Deno.test("main() --resume refuses what cannot be resumed, and changes nothing", () =>
  withFolder(async (folder) => {
    await train(folder, "failAt=[1, 7]");
    const run = `${folder}/run`;
    const edited = (name: string, from: RegExp, to: string): string => {
      Deno.mkdirSync(`${folder}/${name}`);
      const config = Deno.readTextFileSync(`${run}/config.yaml`);
      Deno.writeTextFileSync(`${folder}/${name}/config.yaml`, config.replace(from, to));
      Deno.writeTextFileSync(`${folder}/${name}/metrics.jsonl`, "");
      return `${folder}/${name}`;
    };
    Deno.mkdirSync(`${folder}/bare`);
    const before = contentsOf(run);
    for (
      const [args, message] of [
        [["--resume", run, "--seed", "1"], "Cannot use --seed beside --resume: a run goes on as it was begun"],
        [["--resume", run, "--set", "to=1"], "Cannot use --set beside --resume"],
        [["--resume", run, "--smoke"], "Cannot use --smoke beside --resume"],
        [["--resume", run, "--config", "a.yaml"], "Cannot use --config beside --resume"],
        [["--resume", run, "--out", folder], "Cannot use --out beside --resume"],
        [["--resume", run, "--backend", "cpu"], "Cannot use --backend beside --resume"],
        [["--resume="], "Option --resume needs a value"],
        [["count", "--resume", run], 'it records a run of "train", expected one of "count"'],
        [["--resume", `${folder}/none`], `Cannot read ${folder}/none/config.yaml: it does not exist`],
        [["--resume", `${folder}/bare`], `Cannot read ${folder}/bare/config.yaml: it does not exist`],
        [["--resume", edited("engine", /engine: cpu/, "engine: gpu")], 'Cannot use the engine "gpu"'],
        [["--resume", edited("recipe", /recipe: train\n/, "recipe: trian\n")], 'Unknown recipe "trian"'],
        [["--resume", edited("record", /seed: 0/, "seed: none")], "expected the record of a run"],
        [["--resume", edited("keys", /units: 3/, "unit: 3")], 'unknown key "unit"'],
      ] as const
    ) {
      const { status, errors } = await runMain(args, folder);
      assertEquals(status, 2, errors.join("\n"));
      assertStringIncludes(errors.join("\n"), message);
    }
    assertEquals(contentsOf(run), before);
  }));

Deno.test("main() --resume refuses metrics that are shorter than the checkpoint says", () =>
  withFolder(async (folder) => {
    await train(folder, "failAt=[1, 7]");
    Deno.truncateSync(`${folder}/run/metrics.jsonl`, 100);
    const before = contentsOf(`${folder}/run`);
    const { status, errors } = await runMain(["--resume", `${folder}/run`], folder);
    assertEquals(status, 2);
    assertMatch(errors[0]!, /Cannot resume: metrics.jsonl has 100 bytes, expected at least \d+/);
    assertEquals(contentsOf(`${folder}/run`), before);
  }));

Deno.test("main() --resume refuses a run that another process is at", () =>
  withFolder(async (folder) => {
    await train(folder, "failAt=[0, 2]");
    Deno.mkdirSync(`${folder}/busy`);
    Deno.copyFileSync(`${folder}/run/config.yaml`, `${folder}/kept.yaml`);
    Deno.removeSync(`${folder}/busy`);
    const run = createRunFolder({ recipe: "train", out: `${folder}/busy` });
    Deno.renameSync(`${folder}/kept.yaml`, `${folder}/busy/config.yaml`);
    const { status, errors } = await runMain(["--resume", `${folder}/busy`], folder);
    assertEquals([status, errors], [2, [`Cannot resume ${folder}/busy: another process is running it`]]);
    run.close();
    assertEquals((await runMain(["--resume", `${folder}/busy`], folder)).status, 1);
  }));
