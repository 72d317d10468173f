import * as tf from "@tensorflow/tfjs";
import { assert, assertGreater, assertLess } from "@std/assert";
import { cachedStep, fullStep, key, type Loss } from "../../core/mod.ts";
import { engineTest, randomMatrix, tinyEncoder } from "../support/mod.ts";

engineTest("cachedStep() grows with the batch by the representations alone, unlike fullStep()", async () => {
  const encoders = [tinyEncoder({ seed: 1, hidden: 64, dim: 2 })];
  // A loss without a similarity matrix, so that nothing but the fold itself grows.
  const loss: Loss = ([z]) => tf.tidy(() => tf.mean(tf.square(tf.sub(z!, tf.mean(z!, 0)))));
  const peak = async (make: typeof cachedStep, examples: number) => {
    const batch = randomMatrix(3, examples, 4);
    const held = tf.memory().numBytes;
    const { peakBytes } = await tf.profile(() => {
      const { loss: value, gradients } = make({ encoders, loss, chunkSize: 16 })([batch], key(0));
      tf.dispose([value, ...Object.values(gradients)]);
    });
    batch.dispose();
    return peakBytes - held;
  };
  const cached = await peak(cachedStep, 512) - await peak(cachedStep, 128);
  const full = await peak(fullStep, 512) - await peak(fullStep, 128);
  const representations = (512 - 128) * 2 * 4;
  assertLess(cached, 12 * representations);
  assertGreater(full, 100 * representations);
  assert(cached < full / 8);
});
