import { assert, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { cachedStep, key, type RowLoss, tiled, uniform } from "../../core/mod.ts";
import { contrastive } from "../../losses/contrastive.ts";
import { multiSimilarity } from "../../losses/multi_similarity.ts";
import { triplet } from "../../losses/triplet.ts";
import { crossBatchMemory } from "../../samplers/memories/cross_batch_memory.ts";
import { engineTest, tinyEncoder } from "../support/mod.ts";

const [BATCH, SIZE, DIM, INPUTS] = [16, 20_000, 64, 4];
const ENTRIES = 4 * SIZE * DIM;

/** A step with a full memory of entries that take 5.12 MB, within a budget. */
function stepWithin(loss: RowLoss, budget: number) {
  const memory = crossBatchMemory({ size: SIZE });
  memory.restore({
    size: SIZE,
    dim: DIM,
    representations: uniform(key(1), [0], SIZE * DIM).map((x) => x - 0.5),
    labels: Int32Array.from({ length: SIZE }, (_, i) => i % 1000),
    ids: new Int32Array(SIZE).fill(-(2 ** 31)),
    next: 0,
    full: true,
    evaluations: 0,
  });
  const step = cachedStep({
    encoders: [tinyEncoder({ dim: DIM, inputs: INPUTS })],
    loss: tiled(loss, { memory }),
    memory: budget,
  });
  const batch = tf.tensor2d(uniform(key(2), [0], BATCH * INPUTS), [BATCH, INPUTS]);
  const targets = tf.tensor1d(Int32Array.from({ length: BATCH }, (_, i) => i % 4), "int32");
  const run = () => step([batch], key(3), targets).memory!;
  return { run, dispose: () => memory.dispose() };
}

/** Whether a first step says that its budget is not enough. */
function isRefused(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch (error) {
    if (error instanceof RangeError) return true;
    throw error;
  }
}

for (const [name, loss] of Object.entries({ contrastive, multiSimilarity, triplet })) {
  engineTest(`a step with a large memory keeps to budgets of any size, or refuses them: ${name}`, () => {
    tf.tidy(() => {
      for (const budget of [1e3, 0.2e6, 0.5e6, 1e6, 5.2e6, 10e6, 40e6]) {
        const { run, dispose } = stepWithin(loss(), budget);
        try {
          if (budget < 1e4) assertThrows(run, RangeError, "expected at least");
          else if (isRefused(run)) assert(budget < ENTRIES, `${budget}`);
          else {
            for (let i = 0; i < 3; i++) {
              const { peakBytes, corrected } = run();
              assert(peakBytes <= budget, `${peakBytes} of ${budget}`);
              assertEquals(corrected, false);
            }
          }
        } finally {
          dispose();
        }
      }
    });
  });
}
