/**
 * Cross-batch memory for embedding learning, on drawings of the same thing by several artists.
 *
 * Wang, Zhang, Huang and Scott, "Cross-batch memory for embedding learning", 2020.
 *
 * @module
 */
import type { Encoder, Tensor4D } from "../../core/mod.ts";
import { evaluatePixels } from "../images/evaluate.ts";
import { imageExperiment } from "../images/experiment.ts";
import { drawPictures } from "../images/pictures.ts";
import { checkBatches, loadTask, probeOf } from "../images/task.ts";
import { defineRecipe } from "../runner/recipe.ts";
import { schema } from "./config.ts";
import { lossOf } from "./losses.ts";
import {
  armSummary,
  armTable,
  baselineRows,
  batchFigure,
  driftFigure,
  lossesFigure,
  memoryClaims,
  ratioFigure,
  realThingFigure,
} from "./report.ts";
import { compareBatches, compareLosses, compareRatios, compareWithLargeBatch } from "./studies.ts";
import { type Arm, beginStudy } from "./study.ts";

/** The recipe `xbm`. */
export const recipe = defineRecipe({
  name: "xbm",
  summary: "cross-batch memory on drawings: losses with and without it, its drift, and memory against large batches",
  config: schema,
  smoke: {
    seeds: 1,
    trainClasses: 60,
    testClasses: 60,
    filters: [8, 16],
    pretraining: { steps: 30, classes: 8, perClass: 2 },
    training: { steps: 40, evaluations: 1 },
    gaps: [10, 20],
    driftEvery: 10,
    largeBatch: 32,
    chunk: 16,
    ratios: [0, 1],
    batches: [8, 16],
  },
  experiment(config, key) {
    const { largeBatch, chunk, training: { perClass } } = config;
    return imageExperiment(config, {
      loss: lossOf(config.losses[0]!, config),
      classes: largeBatch / perClass,
      perClass,
      chunkSizes: [chunk, Math.ceil(largeBatch / 3) + 1],
      key,
    });
  },
  async run(context) {
    const { config, run, log } = context;
    const task = await loadTask(config, log);
    const { study: extent, pretraining, training, largeBatch, batches } = config;
    const { perClass } = training;
    const sizes = extent === "full" ? [largeBatch, ...batches] : [largeBatch];
    checkBatches(task, [pretraining, training, ...sizes.map((batch) => ({ classes: batch / perClass, perClass }))]);
    log(`${task.train.examples} images to train on, ${task.test.examples} of other classes to test on`);
    const pixels = await context.unit("pixels", () => evaluatePixels(task));
    log(`Pixels find the same thing by another artist in ${(100 * pixels.recall1).toFixed(1)} % of cases (R@1)`);

    const drift = { probe: probeOf(task.train), gaps: config.gaps, every: config.driftEvery };
    const study = await beginStudy(context, task, drift);
    const finish = (encoder: Encoder<Tensor4D>) => drawPictures(context, task, encoder);
    const compared = await compareLosses(study, config, task, { drift, finish });
    const arms: Arm[] = compared.flatMap(({ without, withMemory }) => [without, withMemory]);
    await run.figure("losses", lossesFigure(compared, pixels, study));
    await run.figure("drift", driftFigure(study, compared[0]!.without));

    const real = await compareWithLargeBatch(study, config);
    arms.push(real.memory, real.equalExamples, real.equalTime);
    await run.figure("memory_or_batch", realThingFigure(real));
    if (config.study === "full") {
      const ratios = await compareRatios(study, config, task);
      await run.figure("ratios", ratioFigure(ratios, task.train.examples));
      const batches = await compareBatches(study, config, task);
      await run.figure("batches", batchFigure(batches));
      arms.push(...ratios, ...batches.flatMap(({ without, withMemory }) => [without, withMemory]));
    }

    const baselines = baselineRows(pixels, study);
    const claims = memoryClaims(compared);
    run.summary({ pixels, pretrained: study.pretrained.map(({ params: _, ...rest }) => rest), claims });
    run.summary({ trainings: arms.map(armSummary) });
    run.text("results.md", `${armTable(arms, baselines, true)}\n\n${claims.map((line) => `- ${line}`).join("\n")}\n`);
    log(`\n${armTable(arms, baselines)}\n\n${claims.join("\n")}`);
  },
});
