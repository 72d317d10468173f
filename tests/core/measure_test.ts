import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { cachedStep, key, measurePeak } from "../../core/mod.ts";
import { assertNewTensors, coupling, engineTest, randomMatrix, tinyEncoder } from "../support/mod.ts";

engineTest("measurePeak() finds the most that is held at a time, above what stood before", async () => {
  const held = tf.ones([1000]);
  const { result, peakBytes } = await measurePeak(() => {
    tf.ones([100]).dispose();
    const kept = tf.ones([10]);
    tf.ones([30]).dispose();
    return kept;
  });
  assertEquals(peakBytes, 400);
  assertEquals((await measurePeak(() => tf.ones([10]).dispose())).peakBytes, 40);
  assertEquals((await measurePeak(() => held.dispose())).peakBytes, 0);
  result.dispose();
});

engineTest("measurePeak() agrees with tf.profile for a step and leaves the engine as it was", async () => {
  const encoders = [tinyEncoder({ seed: 1 })];
  const step = cachedStep({ encoders, loss: coupling, chunkSize: 3 });
  const batch = randomMatrix(3, 8, 4);
  const run = () => {
    const { loss, gradients } = step([batch], key(0));
    tf.dispose([loss, gradients]);
  };
  const before = tf.memory();
  const { peakBytes } = await assertNewTensors(0, () => measurePeak(run));
  assertEquals(tf.memory().numBytes, before.numBytes);
  const profile = await tf.profile(run);
  const profiled = profile.peakBytes - before.numBytes;
  // The profile looks when an operation ends, the measurement whenever a tensor is made.
  assert(peakBytes >= profiled, `${peakBytes} is below ${profiled}`);
  assertLess(peakBytes, 1.05 * profiled);
  assertEquals((await measurePeak(run)).peakBytes, peakBytes);
});

engineTest("measurePeak() takes functions that are asynchronous, nested or throw", async () => {
  let inner = 0;
  const outer = await measurePeak(async () => {
    const first = tf.ones([10]);
    await Promise.resolve();
    inner = (await measurePeak(() => tf.ones([5]).dispose())).peakBytes;
    first.dispose();
    await assertRejects(() => measurePeak(() => Promise.reject(new Error("stop"))), Error, "stop");
    tf.ones([20]).dispose();
  });
  assertEquals(inner, 20);
  assertEquals(outer.peakBytes, 80);
  assertEquals((await measurePeak(() => tf.ones([3]).dispose())).peakBytes, 12);
});
