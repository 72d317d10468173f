import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertThrows } from "@std/assert";
import { key } from "../../core/mod.ts";
import { countParameters, disposeParams, freeze, mlp } from "../../encoders/mod.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";
import {
  affineLoop,
  assertDrops,
  assertGradients,
  assertPerExample,
  contextOf,
  geluLoop,
  random,
  shake,
  valuesOf,
} from "./checks.ts";

engineTest("mlp() agrees with loops over layers, for both activations", () => {
  for (const activation of ["relu", "gelu"] as const) {
    const encoder = mlp({ inputs: 3, hidden: [5, 4], outputs: 2, activation, key: key(1) });
    shake(encoder);
    const activate = activation === "gelu" ? geluLoop : (x: number) => Math.max(x, 0);
    tf.tidy(() => {
      const batch = random("batch", [6, 3]);
      const expected = (batch.arraySync() as number[][]).map((x) => {
        const first = affineLoop(encoder, "hidden0", x).map(activate);
        return affineLoop(encoder, "output", affineLoop(encoder, "hidden1", first).map(activate));
      });
      assertClose(encoder.encode(batch, contextOf([0])), expected.flat(), 1e-5, activation);
    });
    disposeParams(encoder.params);
  }
});

engineTest("mlp() without hidden layers is an affine map, on batches of any shape and integers", () => {
  const encoder = mlp({ inputs: 4, outputs: 2, key: key(1) });
  tf.tidy(() => {
    const batch = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2], "int32");
    const expected = [[1, 2, 3, 4], [5, 6, 7, 8]].map((x) => affineLoop(encoder, "output", x));
    assertClose(encoder.encode(batch, contextOf([0, 1])), expected.flat(), 1e-5);
  });
  assertEquals(Object.keys(encoder.params), ["output/kernel", "output/bias"]);
  disposeParams(encoder.params);
});

engineTest("mlp() treats each example alone and drops by row", () => {
  const encoder = mlp({ inputs: 6, hidden: [16, 8], outputs: 5, dropout: 0.3, normalize: true, key: key(1) });
  tf.tidy(() => {
    const batch = random("batch", [5, 6]);
    assertPerExample(encoder, batch);
    assertDrops(encoder, batch);
  });
  disposeParams(encoder.params);
});

engineTest("mlp() gives every parameter its gradient", () => {
  const encoder = mlp({ inputs: 4, hidden: [8, 6], outputs: 3, activation: "gelu", dropout: 0.2, key: key(1) });
  shake(encoder);
  tf.tidy(() => assertGradients(encoder, random("batch", [5, 4])));
  disposeParams(encoder.params);
});

engineTest("mlp() scales representations to length 1 on request", () => {
  const encoder = mlp({ inputs: 4, hidden: [8], outputs: 3, normalize: true, key: key(1) });
  tf.tidy(() => {
    const lengths = tf.norm(encoder.encode(random("batch", [5, 4]), contextOf([0])), 2, 1);
    assertClose(lengths, [1, 1, 1, 1, 1], 1e-6);
  });
  disposeParams(encoder.params);
});

engineTest("mlp() draws its parameters from the key alone, and leaves nothing behind but them", () => {
  const make = (seed: number) =>
    assertNewTensors(6, () => mlp({ inputs: 4, hidden: [8, 3], outputs: 3, key: key(seed) }));
  const [one, same, other] = [make(1), make(1), make(2)];
  for (const name of Object.keys(one.params)) assertEquals(valuesOf(one, name), valuesOf(same, name));
  assertEquals(String(valuesOf(one, "output/kernel")) === String(valuesOf(other, "output/kernel")), false);
  // The literal pins the numbers across engines: each runs this test in turn.
  assertClose([valuesOf(one, "hidden0/kernel")[0]![0]!], [0.32586196064949036], 1e-6);
  assertNewTensors(-18, () => [one, same, other].forEach(({ params }) => disposeParams(params)));
});

engineTest("mlp() keeps the scale of values and of gradients by its initial kernels", () => {
  const encoder = mlp({ inputs: 200, hidden: [300], outputs: 100, key: key(1) });
  const square = (name: string) => {
    const values = valuesOf(encoder, name).flat();
    return values.reduce((sum, value) => sum + value * value, 0) / values.length;
  };
  assertClose([square("hidden0/kernel"), square("output/kernel")], [2 / 200, 2 / 400], 0.03);
  assertEquals(countParameters(encoder.params), 200 * 300 + 300 + 300 * 100 + 100);
  disposeParams(encoder.params);
});

engineTest("freeze() keeps what an encoder gives, without parameters and without dropout", () => {
  const encoder = mlp({ inputs: 4, hidden: [8], outputs: 3, dropout: 0.5, name: "images", key: key(1) });
  const frozen = freeze(encoder);
  assertEquals([frozen.params, frozen.frozen, frozen.name], [{}, true, "images"]);
  tf.tidy(() => {
    const batch = random("batch", [2, 4]);
    const expected = encoder.encode(batch, contextOf([0, 1])).dataSync();
    assertEquals(frozen.encode(batch, contextOf([0, 1], true)).dataSync(), expected);
  });
  disposeParams(encoder.params);
});

engineTest("mlp() names the option that is wrong, before it makes anything", () => {
  const valid = { inputs: 4, hidden: [8], outputs: 3, key: key(1) };
  assertNewTensors(0, () => {
    assertThrows(() => mlp({ ...valid, inputs: 0 }), RangeError, "inputs is 0, expected a positive integer");
    assertThrows(() => mlp({ ...valid, hidden: [8, 2.5] }), RangeError, "hidden[1] is 2.5");
    assertThrows(() => mlp({ ...valid, outputs: NaN }), RangeError, "outputs is NaN");
    assertThrows(() => mlp({ ...valid, dropout: 1 }), RangeError, "dropout is 1, expected a number in [0, 1)");
    assertThrows(() => mlp({ ...valid, activation: "tanh" as "relu" }), RangeError, 'activation is "tanh"');
  });
});

engineTest("mlp() refuses a batch of another width", () => {
  const encoder = mlp({ inputs: 4, outputs: 3, key: key(1) });
  tf.tidy(() => {
    const batch = tf.ones([2, 5]);
    const message = "the batch has shape [2,5], expected [examples, ...] with 4 numbers an example";
    assertNewTensors(0, () => assertThrows(() => encoder.encode(batch, contextOf([0, 1])), RangeError, message));
  });
  disposeParams(encoder.params);
});
