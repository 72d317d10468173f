/**
 * One training run of the recipe.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import {
  adamW,
  cosineDecay,
  fold,
  key,
  measurePeak,
  type MemoryPlan,
  type StepResult,
  type TokenBatch,
} from "../../core/mod.ts";
import { epochs, type EpochsState } from "../../samplers/mod.ts";
import type { RecipeContext, Unit } from "../runner/recipe.ts";
import { trainingState } from "../runner/training_state.ts";
import type { Config } from "./config.ts";
import { evaluate } from "./evaluate.ts";
import type { Method } from "./methods.ts";
import { buildModel } from "./model.ts";
import { planTeller } from "./plan_teller.ts";
import type { Scores } from "./scores.ts";
import type { Pairs, Task } from "./task.ts";

/** What a run gave. */
export interface Run {
  readonly seed: number;
  /** The loss of each step, over the negatives that the method sees. */
  readonly losses: readonly number[];
  /** Scores on the test gallery against pairs seen. */
  readonly curve: readonly { readonly examples: number; readonly scores: Scores }[];
  readonly scores: Scores;
  /**
   * Peak of the tensors of one step, its gradients included, above what stands between steps; with a budget of memory the
   * highest of all steps.
   */
  readonly peakBytes: number;
  /** The plan of the last step, if there is a budget. */
  readonly plan?: MemoryPlan;
  /** Time of reading, step and update, evaluation left out. */
  readonly msPerExample: number;
}

/** What a checkpoint holds beside the model and the optimizer. */
interface Position {
  readonly order: EpochsState;
  readonly losses: readonly number[];
  readonly curve: Run["curve"];
  readonly peakBytes: number;
  readonly highestPeak: number;
  readonly elapsed: number;
  readonly plan?: MemoryPlan | undefined;
}

/** Trains one model from scratch by one method; in a resumed run it goes on from its last checkpoint. */
export function train(
  context: RecipeContext<Config>,
  task: Task,
  name: string,
  method: Method,
  seed: number,
): Promise<Run> {
  return context.unit(`${name}, seed ${seed}`, (unit) => trainIn(unit, context, task, name, method, seed));
}

async function trainIn(
  unit: Unit,
  { config, progress, run, log }: RecipeContext<Config>,
  task: Task,
  name: string,
  method: Method,
  seed: number,
): Promise<Run> {
  const root = key(seed);
  const model = buildModel(config, task.train.queries.vocabularySize, fold(root, "model"));
  const step = method.step(model);
  const steps = Math.max(1, Math.floor(config.examples / method.batch));
  const learningRate = cosineDecay({
    peak: method.learningRate,
    warmup: Math.round(config.warmup * steps),
    total: steps,
  });
  const optimizer = adamW({ learningRate, weightDecay: config.weightDecay });
  const training = trainingState({ params: step.params, optimizer });
  const from = unit.saved && training.restore<Position>(unit.saved);
  // The same order of pairs whatever the batch size.
  const order = epochs({
    examples: task.train.queries.examples,
    batchSize: method.batch,
    key: fold(root, "order"),
    state: from?.order,
  });

  const label = `${method.title}, seed ${seed}`;
  const tell = planTeller(steps, (line) => log(`${label}: ${line}`));

  const losses = [...from?.losses ?? []];
  const curve = [...from?.curve ?? []];
  let { peakBytes, highestPeak, elapsed } = from ?? { peakBytes: 0, highestPeak: 0, elapsed: 0 };
  let plan = from?.plan;
  try {
    for await (const i of progress.steps(label, steps, { from: optimizer.steps })) {
      const start = performance.now();
      const inputs = readBatch(task.train, order.next());
      const take = () => step(inputs, fold(root, "step", i));
      let result: StepResult;
      // The second step, since the first may be slowed down by what is made only once.
      if (i === Math.min(1, steps - 1)) ({ result, peakBytes } = await measurePeak(take));
      else result = take();
      optimizer.update(step.params, result.gradients);
      losses.push(result.loss.dataSync()[0]!);
      tf.dispose([inputs, result.loss, result.gradients]);
      elapsed += performance.now() - start;
      plan = result.memory;
      if (plan) {
        tell(i, plan);
        highestPeak = Math.max(highestPeak, plan.peakBytes);
      }
      progress.note(`loss ${losses.at(-1)!.toFixed(3)}`);
      const seen = (i + 1) * method.batch;
      const due = Math.floor((i + 1) * config.evaluations / steps) > Math.floor(i * config.evaluations / steps);
      if (due) curve.push({ examples: seen, scores: await evaluate(model, task.test) });
      run.metric({
        method: name,
        seed,
        step: i,
        examples: seen,
        loss: losses.at(-1),
        ...(plan ? { plan } : {}),
        ...(due ? curve.at(-1)!.scores : {}),
      });
      await unit.offer(() =>
        training.save({ order: order.state, losses, curve, peakBytes, highestPeak, elapsed, plan })
      );
    }
  } finally {
    optimizer.dispose();
    model.dispose();
  }
  return {
    seed,
    losses,
    curve,
    scores: curve.at(-1)!.scores,
    peakBytes: plan ? highestPeak : peakBytes,
    ...(plan ? { plan } : {}),
    msPerExample: elapsed / (steps * method.batch),
  };
}

/** Queries and passages of some pairs, as tensors. */
export function readBatch({ queries, passages }: Pairs, examples: ArrayLike<number>): [TokenBatch, TokenBatch] {
  return [queries.batch(examples), passages.batch(examples)];
}
