import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { clipByGlobalNorm } from "../../core/optimizers/mod.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";
import { draw, shapes, tensors } from "./_optimizer_oracles.ts";

engineTest("clipByGlobalNorm() scales long gradients to the bound and leaves short ones bit for bit", () => {
  const values = draw(3);
  const gradients = tensors(values);
  const norm = Math.hypot(...Object.values(values).flat());
  for (const maxNorm of [norm / 7, norm * 1.001]) {
    const clipped = assertNewTensors(4, () => clipByGlobalNorm(gradients, maxNorm));
    assertAlmostEquals(clipped.norm.dataSync()[0]!, norm, 1e-5);
    for (const name of Object.keys(shapes)) {
      if (maxNorm > norm) assertEquals(clipped.gradients[name]!.dataSync(), gradients[name]!.dataSync());
      assertClose(clipped.gradients[name]!, values[name]!.map((v) => v * Math.min(1, maxNorm / norm)), 1e-6);
    }
    tf.dispose([clipped.norm, clipped.gradients]);
  }
  for (const gradient of Object.values(gradients)) assert(!gradient.isDisposed);
});

engineTest("clipByGlobalNorm() passes zeros, no gradients at all, and tells of one that is not finite", () => {
  const zeros = clipByGlobalNorm({ a: tf.zeros([2]), b: tf.scalar(0) }, 1);
  assertEquals([...zeros.gradients.a!.dataSync(), zeros.norm.dataSync()[0]], [0, 0, 0]);
  assertEquals(clipByGlobalNorm({}, 1).norm.dataSync()[0], 0);
  assert(!Number.isFinite(clipByGlobalNorm({ a: tf.tensor1d([1, Infinity]) }, 1).norm.dataSync()[0]!));
});
