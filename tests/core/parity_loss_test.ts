import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { dropoutMask, key, type Loss, parity, tiled } from "../../core/mod.ts";
import { supCon } from "../../losses/sup_con.ts";
import { crossBatchMemory } from "../../samplers/memories/cross_batch_memory.ts";
import { memoryBank } from "../../samplers/memories/memory_bank.ts";
import { coupling, engineTest, randomMatrix, tinyEncoder } from "../support/mod.ts";

const EXAMPLES = 12;

function optionsFor(loss: Loss) {
  return {
    encoders: [tinyEncoder({ seed: 1, dropout: 0.3 })],
    loss,
    inputs: [randomMatrix(3, EXAMPLES, 4)],
    targets: {
      labels: tf.tensor1d(Array.from({ length: EXAMPLES }, (_, i) => i % 3), "int32"),
      ids: tf.range(0, EXAMPLES, 1, "int32"),
    },
    key: key(1),
    chunkSizes: [5],
    keeps: [0],
    repeats: 1,
  };
}

engineTest("parity() refuses a loss with a memory, also inside another loss", async () => {
  for (const convention of ["sum", "joint"] as const) {
    const memory = crossBatchMemory({ size: 3 * EXAMPLES, convention });
    const inner = tiled(supCon(), { memory });
    const doubled: Loss = (matrices, context) => tf.tidy(() => tf.mul(inner(matrices, context), 2) as tf.Scalar);
    for (const loss of [inner, doubled]) {
      const options = optionsFor(loss);
      memory.reset();
      const before = tf.memory().numTensors;
      const error = await assertRejects(() => parity(options), TypeError, "expected the same each time");
      assertMatch(
        error.message,
        /^Cannot compare: the loss of the same representations is \d\S*, then \d\S*, expected/,
      );
      memory.reset();
      assertEquals(tf.memory().numTensors, before);
    }
  }
});

engineTest("parity() refuses a loss that changes with parameters of its own, and keeps the parameters", async () => {
  const scale = tf.variable(tf.scalar(1));
  let evaluations = 0;
  const growing = Object.assign(
    (matrices: readonly tf.Tensor2D[]) =>
      tf.tidy(() => tf.mul(tf.mul(coupling(matrices), scale as tf.Scalar), 1 + 1e-5 * evaluations++) as tf.Scalar),
    { params: { scale } },
  );
  const options = optionsFor(growing);
  const before = tf.memory().numTensors;
  await assertRejects(() => parity(options), TypeError, "a loss that keeps a memory is to be compared without it");
  assertEquals([tf.memory().numTensors, scale.dataSync()[0]], [before, 1]);
});

engineTest("parity() takes losses that draw from the key, and a memory that leaves the batch itself out", async () => {
  const random: Loss = ([z], context) =>
    tf.tidy(() => {
      const rows = Int32Array.from({ length: z!.shape[0] }, (_, row) => row);
      const mask = tf.tensor2d(dropoutMask(context.key, rows, z!.shape[1], 0.5), z!.shape);
      return coupling([tf.mul(z!, mask)]);
    });
  const bank = tiled(supCon(), { memory: memoryBank({ examples: EXAMPLES, dim: 3 }) });
  for (const loss of [random, bank]) assert((await parity(optionsFor(loss))).passed);
});
