import { assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { main } from "../../recipes/main.ts";
import { withFolder as withFiles } from "../data/images/_folders.ts";
import { birds, linesOf, runInterrupted, runWhole, tinyArguments, withoutTimes } from "./_tiny_images.ts";
import { readJson, recorder, withFolder } from "./support.ts";

const SETTINGS = [
  "weightings={ hard: { positive: constant, negative: { step: 0.3 } }, all: constant }",
  "reference=hard",
  "memories={ none: { kind: none }, slow: { kind: keys, momentum: 0.9 }, mean: { kind: entries, momentum: 0.5 } }",
  "questions={ easy: { question: Drop easy ones?, trainings: [hard], against: all, paper: helps }, " +
  "momentum: { question: Momentum?, trainings: [slow, mean], against: hard } }",
];
const NAMES = ["hard", "all", "none", "slow", "mean"];

Deno.test("embedding-memory runs from the data to tables, answers and figures", () =>
  withFiles(birds(), (data) =>
    withFolder(async (folder) => {
      const run = `${folder}/run`;
      const printed = (await runWhole(tinyArguments("embedding-memory", data, run, ...SETTINGS))).join("\n");
      const { results } = readJson(`${run}/summary.json`);
      assertEquals(results.trainings.map(({ title }: { title: string }) => title), NAMES);
      // deno-lint-ignore no-explicit-any -- as the run wrote it
      const [hard, all, none, slow, mean]: any[] = results.trainings;
      assertEquals([hard.memory, none.memory], [{ kind: "queue", size: 24 }, { kind: "none" }]);
      assertEquals([slow.memory, mean.memory], [{ kind: "keys", size: 24, momentum: 0.9 }, {
        kind: "entries",
        momentum: 0.5,
      }]);
      for (const { runs } of results.trainings) {
        assertEquals(runs.map(({ seed }: { seed: number }) => seed), [0, 1]);
        assertEquals(runs[0].curve.map(({ step }: { step: number }) => step), [3, 6]);
      }
      // deno-lint-ignore no-explicit-any -- as the run wrote it
      const recalls = ({ runs }: any): number[] => runs.map(({ curve }: any) => curve.at(-1).recall1);
      const [easy, momentum] = results.answers;
      assertEquals([easy.question, easy.paper, momentum.paper], ["Drop easy ones?", "helps", null]);
      const [{ training, against, gains, gain }] = easy.answers;
      assertEquals([training, against], ["hard", "all"]);
      assertEquals(gains, recalls(hard).map((value, i) => value - recalls(all)[i]!));
      assertAlmostEquals(gain, (gains[0] + gains[1]) / 2, 1e-12);
      const text = Deno.readTextFileSync(`${run}/results.md`);
      for (const name of ["pixels", "pretrained encoder", ...NAMES]) assertStringIncludes(text, `| ${name} `);
      assertStringIncludes(text, "- Drop easy ones? ");
      assertStringIncludes(printed, `Drop easy ones? ${easy.answers[0].verdict}: hard (the paper: helps; `);
      const figures = [...Deno.readDirSync(`${run}/figures`)].map(({ name }) => name).sort();
      assertEquals(figures, ["gallery.png", "map.svg", "recall.svg", "weights_easy.svg"]);
    })));

Deno.test("embedding-memory leaves to the full study what stands under further, and asks nothing of it", () =>
  withFiles(birds(), (data) =>
    withFolder(async (folder) => {
      const settings = [...SETTINGS, "seeds=1", "further=[all, hard]"];
      await runWhole(tinyArguments("embedding-memory", data, `${folder}/run`, ...settings));
      const { results } = readJson(`${folder}/run/summary.json`);
      // The reference is always trained.
      assertEquals(results.trainings.map(({ title }: { title: string }) => title), ["hard", "none", "slow", "mean"]);
      assertEquals(results.answers.map(({ question }: { question: string }) => question), ["Momentum?"]);
      await runWhole(tinyArguments("embedding-memory", data, `${folder}/full`, ...settings, "study=full"));
      assertEquals(readJson(`${folder}/full/summary.json`).results.trainings.length, NAMES.length);
    })));

Deno.test(
  "embedding-memory goes on within a training with a slow encoder, to the results of a run that was not stopped",
  { ignore: Deno.build.os === "windows" },
  () =>
    withFiles(birds(), (data) =>
      withFolder(async (folder) => {
        const settings = [
          ...SETTINGS.slice(1, 3),
          "weightings={ hard: { positive: constant, negative: { step: 0.3 } } }",
          "questions={ momentum: { question: Momentum?, trainings: [slow], against: hard, paper: helps } }",
          "seeds=1",
          "training.steps=60",
          "training.evaluations=1",
        ];
        const args = (out: string) => tinyArguments("embedding-memory", data, `${folder}/${out}`, ...settings);
        const run = `${folder}/run`;
        // 3 of pretraining, then trainings of 60 steps, the third of which has the slow encoder.
        await runInterrupted(args("run"), run, 3 + 2 * 60 + 5);
        const terminal = recorder();
        assertEquals(await main(["embedding-memory", "--resume", run], { terminal }), 0, terminal.errors.join("\n"));
        assertStringIncludes(terminal.printed[0]!, "slow, seed 0 from step ");
        await runWhole(args("whole"));
        assertEquals(linesOf(run), linesOf(`${folder}/whole`));
        const [resumed, whole] = [run, `${folder}/whole`].map((path) => readJson(`${path}/summary.json`).results);
        assertEquals(withoutTimes(resumed.trainings), withoutTimes(whole.trainings));
        assertEquals(resumed.trainings.length, 4);
        assertStringIncludes(terminal.printed.join("\n"), "Momentum? One seed does not tell");
      })),
);

for (
  const [setting, message] of [
    ["reference=hrad", 'reference is "hrad", expected the name of a weighting, one of hard negatives, '],
    ["memories.x={ kind: keys }", "memories.x.momentum is missing, expected a number in [0, 1) for keys and entries"],
    ["memories.InfoNCE={ kind: none }", "expected another name than that of a weighting"],
    ["questions.hard.against=hrad", 'questions.hard.against is "hrad", expected names of weightings or memories'],
    ["questions.hard.trainings=[easy negatives]", "expected another one than the trainings"],
    ["weightings.mine={ linear: 2 }", "weightings.mine.linear is 2, expected a number in [-1, 1]"],
  ] as const
) {
  Deno.test(`embedding-memory refuses ${setting} in one line`, () =>
    withFolder(async (folder) => {
      const terminal = recorder();
      assertEquals(await main(["embedding-memory", "--out", `${folder}/run`, "--set", setting], { terminal }), 2);
      assertEquals(terminal.errors.length, 1);
      assertStringIncludes(terminal.errors[0]!, message);
    }));
}
