/**
 * Gradient caching against its alternatives, on dense retrieval of WordNet glosses.
 *
 * Gao, Zhang, Han and Callan, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup", 2021.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { fold } from "../../core/mod.ts";
import { epochs } from "../../samplers/mod.ts";
import { defineRecipe } from "../runner/recipe.ts";
import { checkBudget } from "./budget.ts";
import { schema } from "./config.ts";
import { memoryFigure, memoryOfBatches } from "./memory.ts";
import { cutOf, methodsOf } from "./methods.ts";
import { lossDistance, lossFigure, recallFigure, type Result, resultTable, summarise } from "./report.ts";
import { checkBatch, loadTask } from "./task.ts";
import { buildModel } from "./model.ts";
import { readBatch, train } from "./train.ts";

/** The recipe `gradcache`. */
export const recipe = defineRecipe({
  name: "gradcache",
  summary:
    "dense retrieval of WordNet glosses: small batch, accumulation, gradient caching and the whole batch compared",
  config: schema,
  smoke: {
    seeds: 1,
    examples: 2048,
    batch: 128,
    chunk: 16,
    heldOut: 200,
    learningRate: 0.003,
    smallLearningRate: 0.001,
    evaluations: 2,
    memoryBatches: [32, 64, 128],
  },
  async experiment(config, key) {
    const task = await loadTask(config);
    checkBatch(config, task);
    const { train: pairs } = task;
    const model = buildModel(config, pairs.queries.vocabularySize, fold(key, "model"));
    const order = epochs({ examples: pairs.queries.examples, batchSize: config.batch, key: fold(key, "order") });
    const inputs = readBatch(pairs, order.next());
    const { chunkSize, keep: _, ...cut } = cutOf(config);
    return {
      encoders: model.encoders,
      loss: model.loss,
      inputs,
      // With chunks of examples also some that leave a short last one.
      ...(chunkSize === undefined ? cut : { chunkSizes: [chunkSize, Math.ceil(config.batch / 3) + 1] }),
      dispose: () => {
        model.dispose();
        tf.dispose(inputs);
      },
    };
  },
  async run(context) {
    const { config, seed, run, log } = context;
    log("Loading WordNet");
    const task = await loadTask(config);
    checkBatch(config, task);
    checkBudget(context, task);
    log(`${task.train.queries.examples} pairs to train on, ${task.test.queries.examples} held out`);

    const methods = methodsOf(config);
    const results: Result[] = [];
    for (const name of config.methods) {
      const runs = [];
      for (let i = 0; i < config.seeds; i++) runs.push(await train(context, task, name, methods[name], seed + i));
      results.push({ method: methods[name], runs });
      run.summary(summarise(results, task.lexical));
      await run.figure("recall", recallFigure(results, task.lexical));
    }
    await run.figure("loss", lossFigure(results));
    const memory = await context.unit("memory", () => memoryOfBatches(context, task));
    await run.figure("memory", memoryFigure(memory, config));
    run.summary({ memory });

    run.text("results.md", `${resultTable(results, task.lexical, true)}\n`);
    log(`\n${resultTable(results, task.lexical)}\n`);
    const [cached, full] = ["cached", "full"].map((name) => results[config.methods.indexOf(name as "cached")]);
    if (cached && full) {
      const distance = lossDistance(full, cached);
      run.summary({ lossDistance: distance });
      log(`Losses of gradient caching and of the whole batch differ by at most ${distance.toExponential(1)}, relative`);
    }
  },
});
