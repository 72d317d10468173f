import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertThrows } from "@std/assert";
import { adamW, fold, fullStep, key, normal, type Optimizer, sgd, tiled } from "../../core/mod.ts";
import { mlp } from "../../encoders/mod.ts";
import { contrastive } from "../../losses/mod.ts";
import { trainingState } from "../../recipes/runner/training_state.ts";
import { crossBatchMemory, memoryBank } from "../../samplers/mod.ts";
import { engineTest } from "../support/mod.ts";

const memories = {
  "a cross-batch memory": () => crossBatchMemory({ size: 20 }),
  "a memory bank": () => memoryBank({ examples: 8, dim: 3 }),
  "no memory": () => undefined,
};
const optimizers: Record<string, () => Optimizer> = {
  adamW: () => adamW({ learningRate: 0.01 }),
  "sgd with momentum": () => sgd({ learningRate: 0.1, momentum: 0.9 }),
};

/** A small training that can be stopped between steps. */
function makeTraining(
  makeOptimizer: () => Optimizer,
  makeMemory: () => ReturnType<typeof memories[keyof typeof memories]>,
) {
  const encoder = mlp({ inputs: 4, hidden: [6], outputs: 3, dropout: 0.1, key: key(1) });
  const memory = makeMemory();
  const loss = memory ? tiled(contrastive(), { memory }) : contrastive();
  const step = fullStep({ encoders: [encoder], loss });
  const optimizer = makeOptimizer();
  const rows = Int32Array.from({ length: 8 }, (_, row) => row);
  return {
    state: trainingState({ params: step.params, optimizer, memory }),
    /** Makes some steps and returns their losses. */
    go(steps: number): number[] {
      return Array.from({ length: steps }, () => {
        const i = optimizer.steps;
        const input = tf.tensor2d(normal(fold(key(2), i), rows, 4), [8, 4]);
        const targets = { labels: tf.tensor1d(rows.map((row) => row % 3), "int32"), ids: tf.tensor1d(rows, "int32") };
        const result = step([input], fold(key(3), i), targets);
        optimizer.update(step.params, result.gradients);
        const [value] = result.loss.dataSync();
        tf.dispose([input, targets, result.loss, result.gradients]);
        return value!;
      });
    },
  };
}

for (const [memory, makeMemory] of Object.entries(memories)) {
  for (const [optimizer, makeOptimizer] of Object.entries(optimizers)) {
    engineTest(`trainingState() goes on to the very numbers with ${optimizer} and ${memory}`, async () => {
      const whole = makeTraining(makeOptimizer, makeMemory);
      whole.go(4);
      const saved = await whole.state.save({ order: [1, 2] });
      assertEquals(saved.step, 4);
      const expected = whole.go(4);
      const other = makeTraining(makeOptimizer, makeMemory);
      other.go(1);
      assertEquals(other.state.restore(saved), { order: [1, 2] });
      assertEquals(await other.state.save({ order: [1, 2] }), saved);
      assertEquals(other.go(4), expected);
    });
  }
}

engineTest("trainingState() refuses the state of a training with other parts", async () => {
  const { adamW, "sgd with momentum": sgd } = optimizers as Record<string, () => Optimizer>;
  const none = memories["no memory"];
  const bank = memories["a memory bank"];
  const plain = makeTraining(adamW!, none);
  const remembering = makeTraining(adamW!, bank);
  const sliding = makeTraining(sgd!, none);
  for (const training of [plain, remembering, sliding]) training.go(1);
  const saved = await plain.state.save();
  const withBank = await remembering.state.save();
  assertThrows(() => plain.state.restore(withBank), RangeError, "it has no memory, but one was saved");
  assertThrows(() => remembering.state.restore(saved), RangeError, "it has a memory, but none was saved");
  assertThrows(() => sliding.state.restore(saved), RangeError, "is none of its slots");
  assertThrows(() => plain.state.restore({ ...saved, tensors: {} }), RangeError, "is missing");
});
