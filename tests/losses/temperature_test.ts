import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { infoNCE, learnableTemperature, symmetric } from "../../losses/mod.ts";
import { assertNewTensors, engineTest } from "../support/mod.ts";
import { context, differentiate, matrix, randomRows, valueOf } from "./_support.ts";

const [a, b] = [randomRows(1, 6, 3), randomRows(2, 6, 3)];

for (
  const [name, wrap] of [["infoNCE", (loss: ReturnType<typeof infoNCE>) => loss], ["symmetric", symmetric]] as const
) {
  engineTest(`learnableTemperature() gets the gradient of ${name}() that finite differences give`, () => {
    const loss = wrap(infoNCE({ temperature: learnableTemperature({ initial: 0.2 }) }));
    assertEquals(Object.keys(loss.params!), ["logScale"]);
    const { value, params } = differentiate(loss, [a, b]);
    const at = (temperature: number) => valueOf(wrap(infoNCE({ temperature })), [a, b]);
    assertAlmostEquals(value, at(0.2), 1e-6);
    const step = 0.01;
    const slope = (at(0.2 * Math.exp(-step)) - at(0.2 * Math.exp(step))) / (2 * step);
    assertAlmostEquals(params[0]![0]!, slope, 1e-3 * Math.abs(slope));
  });
}

engineTest("learnableTemperature() stops at its bound, and comes back from it", () => {
  const temperature = learnableTemperature({ initial: 0.01, maxScale: 100 });
  temperature.params.logScale.assign(tf.scalar(Math.log(150)));
  const loss = infoNCE({ temperature });
  // Matching pairs ask for a higher scale, swapped ones for a lower.
  const near = [[1, 0], [1, 0.1]];
  const matched = differentiate(loss, [near, near]);
  assertAlmostEquals(matched.value, valueOf(infoNCE({ temperature: 0.01 }), [near, near]), 1e-5);
  assertEquals(Math.abs(matched.params[0]![0]!), 0);
  assert(differentiate(loss, [near, near.toReversed()]).params[0]![0]! > 0);
  temperature.params.logScale.assign(tf.scalar(Math.log(50)));
  assert(differentiate(loss, [near, near]).params[0]![0]! < 0);
});

engineTest("learnableTemperature() can be read, leaves nothing behind, and is disposed", async () => {
  const temperature = assertNewTensors(1, () => learnableTemperature({ initial: 0.05 }));
  const before = tf.memory().numTensors;
  assertAlmostEquals(await temperature.read(), 0.05, 1e-6);
  assertNewTensors(1, () => temperature.scale()).dispose();
  const loss = infoNCE({ temperature });
  const rows = [matrix(a), matrix(b)];
  assertNewTensors(1, () => loss(rows, context)).dispose();
  tf.dispose(rows);
  assertEquals(tf.memory().numTensors, before);
  assertNewTensors(-1, () => temperature.dispose());
});

Deno.test("learnableTemperature() refuses impossible values", () => {
  assertThrows(() => learnableTemperature({ initial: 0 }), RangeError, "initial is 0");
  assertThrows(() => learnableTemperature({ maxScale: -1 }), RangeError, "maxScale is -1");
  assertThrows(() => learnableTemperature({ initial: 0.005 }), RangeError, "expected at least 1 / maxScale");
});
