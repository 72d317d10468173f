import { assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { fold, key } from "../../core/mod.ts";
import { type DriftOptions, type DriftWatch, watchDrift } from "../../recipes/images/drift.ts";
import { engineTest } from "../support/mod.ts";
import { colorImages } from "./_color_images.ts";
import { linearEncoder, sum } from "./_linear_images.ts";

const STEPS = 12;
const SIDE = 2;
const options: DriftOptions = {
  probe: colorImages([0, 1, 2, 0, 1], [0, 0, 0, 0, 0], SIDE),
  gaps: [1, 3, 5],
  every: 2,
};
const pixels = SIDE * SIDE * 3;
const images = Array.from(
  { length: 5 },
  (_, row) => [...options.probe.pixels.subarray(row * pixels, (row + 1) * pixels)].map((value) => value / 255),
);

/** Takes the steps from one to another, each with an encoder of its own. */
async function takeSteps(watch: DriftWatch, from: number, to: number): Promise<number[][][]> {
  const encoder = linearEncoder(pixels, 4, key(0));
  const states: number[][][] = [];
  for (let step = from; step <= to; step++) {
    encoder.draw(fold(key(1), "step", step));
    states.push(encoder.rows(images));
    await watch.look(encoder, step);
  }
  encoder.params.kernel.dispose();
  return states;
}

engineTest("watchDrift() compares with each gap before, as naive loops do", async () => {
  const before = tf.memory().numTensors;
  const watch = watchDrift(options);
  const states = await takeSteps(watch, 1, STEPS);
  const expected = [2, 4, 6, 8, 10, 12].flatMap((step) =>
    options.gaps.filter((gap) => step - gap >= 1).map((gap) => {
      const [now, then] = [states[step - 1]!, states[step - gap - 1]!];
      const drift = sum(now.map((row, i) => sum(row.map((x, j) => (x - then[i]![j]!) ** 2)))) / now.length;
      return { step, gap, drift };
    })
  );
  assertEquals(watch.points.map(({ step, gap }) => [step, gap]), expected.map(({ step, gap }) => [step, gap]));
  watch.points.forEach(({ drift }, i) => assertAlmostEquals(drift, expected[i]!.drift, 1e-4));
  assertEquals(tf.memory().numTensors, before);
});

engineTest("watchDrift() goes on from what was saved at any step, and keeps no more than it needs", async () => {
  const whole = watchDrift(options);
  await takeSteps(whole, 1, STEPS);
  for (const stop of [1, 4, 7, STEPS - 1]) {
    const first = watchDrift(options);
    await takeSteps(first, 1, stop);
    const tensors = first.save();
    // Only states whose gap has not passed yet, at the steps that will be compared.
    for (const name of Object.keys(tensors)) {
      const step = Number(name.replace("drift/", ""));
      assertEquals(step > stop - Math.max(...options.gaps) && step <= stop, true, `${name} after ${stop}`);
    }
    const others = { "params/image/kernel": { shape: [1], data: Float32Array.of(3) } };
    const second = watchDrift(options, { points: first.points, tensors: { ...tensors, ...others } });
    await takeSteps(second, stop + 1, STEPS);
    assertEquals(second.points, whole.points);
  }
});
