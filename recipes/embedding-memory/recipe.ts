/**
 * Weights of positives and negatives over an embedding memory, on drawings of the same thing by several artists.
 *
 * Zhang, Wang, Huang and Scott, "Rethinking deep contrastive learning with embedding memory", 2021.
 *
 * @module
 */
import { evaluatePixels } from "../images/evaluate.ts";
import { imageExperiment } from "../images/experiment.ts";
import { drawPictures } from "../images/pictures.ts";
import { checkBatches, loadTask } from "../images/task.ts";
import { defineRecipe } from "../runner/recipe.ts";
import { answer, answerTable, verdictLines } from "./answers.ts";
import { schema } from "./config.ts";
import { armSummary, armTable, recallFigure, weightFigures } from "./report.ts";
import { lossOf, trainAll } from "./study.ts";

/** The recipe `embedding-memory`. */
export const recipe = defineRecipe({
  name: "embedding-memory",
  summary: "weights of positives and negatives over an embedding memory, with and without momentum, on drawings",
  config: schema,
  smoke: {
    seeds: 1,
    trainClasses: 60,
    testClasses: 60,
    filters: [8, 16],
    pretraining: { steps: 30, classes: 8, perClass: 2 },
    training: { steps: 20 },
  },
  experiment(config, key) {
    // The larger of the two batches, in which there is more to cut.
    const { classes, perClass } = config.pretraining;
    const batch = classes * perClass;
    return imageExperiment(config, {
      loss: lossOf(config.reference, config),
      classes,
      perClass,
      chunkSizes: [Math.ceil(batch / 4), Math.ceil(batch / 3) + 1],
      key,
    });
  },
  async run(context) {
    const { config, run, log } = context;
    const task = await loadTask(config, log);
    checkBatches(task, [config.pretraining, config.training]);
    log(`${task.train.examples} images to train on, ${task.test.examples} of other classes to test on`);
    for (const [name, figure] of await weightFigures(config)) await run.figure(`weights_${name}`, figure);
    const pixels = await context.unit("pixels", () => evaluatePixels(task));
    const study = await trainAll(context, task, { finish: (encoder) => drawPictures(context, task, encoder) });
    await run.figure("recall", recallFigure(study));

    const answered = answer(config.questions, study.arms);
    const verdicts = verdictLines(answered);
    run.summary({ pixels, pretrained: study.pretrained.map(({ params: _, ...rest }) => rest) });
    run.summary({ trainings: study.arms.map(armSummary), answers: answered });
    const parts = (markdown: boolean) => [
      armTable(study, pixels, markdown),
      answerTable(answered, markdown),
      verdicts.map((line) => markdown ? `- ${line}` : line).join("\n"),
    ];
    run.text("results.md", `${parts(true).join("\n\n")}\n`);
    log(`\n${parts(false).join("\n\n")}`);
  },
});
