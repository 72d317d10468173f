import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { main } from "../../recipes/main.ts";
import { withFolder as withFiles } from "../data/images/_folders.ts";
import { birds, linesOf, runInterrupted, runWhole, tinyArguments, withoutTimes } from "./_tiny_images.ts";
import { readJson, recorder, withFolder } from "./support.ts";

const SETTINGS = ["gaps=[1, 2]", "driftEvery=3", "largeBatch=8", "chunk=3"];

Deno.test("xbm runs from the data to tables, claims and figures, in its full study", () =>
  withFiles(birds(), (data) =>
    withFolder(async (folder) => {
      const run = `${folder}/run`;
      const settings = [
        ...SETTINGS,
        "losses=[contrastive, triplet]",
        "study=full",
        "ratios=[0, 0.5]",
        "batches=[4, 8]",
      ];
      const printed = (await runWhole(tinyArguments("xbm", data, run, ...settings))).join("\n");
      const { results } = readJson(`${run}/summary.json`);
      assertEquals(
        results.trainings.map(({ loss, memory, batch }: Record<string, unknown>) => [loss, memory, batch]),
        [
          ["contrastive", 0, 4],
          ["contrastive", 24, 4],
          ["triplet", 0, 4],
          ["triplet", 24, 4],
          // Memory and batch of as many images as the large batch.
          ["contrastive", 4, 4],
          ["contrastive", 0, 8],
          ["contrastive", 0, 8],
          ["contrastive", 0, 4],
          ["contrastive", 12, 4],
          ["contrastive", 0, 4],
          ["contrastive", 24, 4],
          ["contrastive", 0, 8],
          ["contrastive", 24, 8],
        ],
      );
      // As many images in steps of twice as many.
      assertEquals([results.trainings[0].runs[0].curve.at(-1).step, results.trainings[5].runs[0].curve.at(-1).step], [
        6,
        3,
      ]);
      // deno-lint-ignore no-explicit-any -- as the run wrote it
      const recalls = ({ runs }: any): number[] => runs.map(({ curve }: any) => curve.at(-1).recall1);
      const [without, withMemory] = results.trainings.slice(0, 2).map(recalls);
      const gain = (withMemory[0] + withMemory[1] - without[0] - without[1]) / 2;
      const [, verdict, stated] = /^contrastive: memory (.+), R@1 (\S+) /.exec(results.claims[0])!;
      assertAlmostEquals(Number(stated), gain, 6e-4);
      assert(["helps", "harms", "makes no clear difference"].includes(verdict!));
      assertEquals(results.claims.length, 2);
      assert(results.pretrained.every(({ drift }: { drift: unknown[] }, i: number) => drift.length > 0 === (i === 0)));
      const text = Deno.readTextFileSync(`${run}/results.md`);
      for (const claim of results.claims) {
        assertStringIncludes(text, `- ${claim}`);
        assertStringIncludes(printed, claim);
      }
      for (const name of ["pixels", "pretrained encoder", "triplet"]) assertStringIncludes(text, `| ${name} `);
      const figures = [...Deno.readDirSync(`${run}/figures`)].map(({ name }) => name).sort();
      assertEquals(figures, [
        "batches.svg",
        "drift.svg",
        "gallery.png",
        "losses.svg",
        "map.svg",
        "memory_or_batch.svg",
        "ratios.svg",
      ]);
    })));

Deno.test("xbm compares the first loss alone, unless asked for all", () =>
  withFiles(birds(), (data) =>
    withFolder(async (folder) => {
      const settings = [...SETTINGS, "losses=[triplet, contrastive]", "seeds=1"];
      for (const [study, losses] of [["memory", 1], ["losses", 2]] as const) {
        const run = `${folder}/${study}`;
        await runWhole(tinyArguments("xbm", data, run, ...settings, `study=${study}`));
        const { results } = readJson(`${run}/summary.json`);
        assertEquals(results.claims.length, losses);
        // Beside them a small memory and two large batches, by the first loss.
        assertEquals(results.trainings.length, 2 * losses + 3);
        assertEquals(results.trainings.at(-1).loss, "triplet");
      }
    })));

Deno.test(
  "xbm goes on within a training over a memory, to the results of a run that was not stopped",
  { ignore: Deno.build.os === "windows" },
  () =>
    withFiles(birds(), (data) =>
      withFolder(async (folder) => {
        const settings = [
          ...SETTINGS,
          "losses=[contrastive]",
          "seeds=1",
          "training.steps=60",
          "training.evaluations=1",
        ];
        const args = (out: string) => tinyArguments("xbm", data, `${folder}/${out}`, ...settings);
        const run = `${folder}/run`;
        // 3 of pretraining, then a training of 60 steps without a memory.
        await runInterrupted(args("run"), run, 3 + 60 + 5);
        const terminal = recorder();
        assertEquals(await main(["xbm", "--resume", run], { terminal }), 0, terminal.errors.join("\n"));
        assertStringIncludes(terminal.printed[0]!, "contrastive + memory of 24, batch 4, 60 steps, seed 0 from step ");
        await runWhole(args("whole"));
        // That training's steps are as many as there was time for.
        const comparable = (path: string) => linesOf(path).filter((line) => !line.includes("equal time"));
        assertEquals(comparable(run), comparable(`${folder}/whole`));
        const [resumed, whole] = [run, `${folder}/whole`].map((path) =>
          withoutTimes(readJson(`${path}/summary.json`).results.trainings.slice(0, -1))
        );
        assertEquals(resumed, whole);
      })),
);

Deno.test("xbm says before it trains that there are too few classes", () =>
  withFiles(birds(), (data) =>
    withFolder(async (folder) => {
      const terminal = recorder();
      const args = tinyArguments("xbm", data, `${folder}/run`, ...SETTINGS, "largeBatch=400");
      assertEquals(await main(args, { terminal }), 2);
      assertStringIncludes(terminal.errors.join("\n"), "Cannot train on batches of 200 classes with 2 images each: ");
    })));
