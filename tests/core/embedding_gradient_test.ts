import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertGreater } from "@std/assert";
import { cachedStep, type Encoder, fullStep, key, lookup } from "../../core/mod.ts";
import {
  assertNewTensors,
  assertParity,
  coupling,
  engineTest,
  free,
  randomMatrix,
  reference,
  relativeDistance,
  tinyBag,
  tinyEncoder,
} from "../support/mod.ts";

engineTest("cachedStep() sums an embedding table's gradient over lookups, chunks and towers that share it", () => {
  const table = tf.variable(randomMatrix(1, 7, 5));
  const encoders = [tinyBag({ table, seed: 1 }), tinyBag({ table, seed: 2 })];
  const ids = (seed: number) =>
    tf.tidy(() => tf.cast(tf.floor(tf.mul(tf.abs(tf.tanh(randomMatrix(seed, 10, 3))), 6.99)), "int32")) as tf.Tensor2D;
  const batches = [ids(3), ids(4)];
  for (const [chunkSize, keep] of [[1, 0], [3, 0], [3, 2], [10, 0]] as const) {
    const options = { encoders, loss: coupling, chunkSize, keep };
    const expected = reference(options, batches, 5);
    const actual = assertNewTensors(4, () => cachedStep(options)(batches, key(5)));
    assertEquals(Object.keys(actual.gradients), ["encoder0/table", "encoder0/kernel", "encoder1/kernel"]);
    assertParity(actual, expected);
    free(actual, expected);
  }
});

engineTest("cachedStep() sums both uses of a table that is looked up and multiplied with", () => {
  const table = tf.variable(randomMatrix(1, 7, 5));
  const bag = tinyBag({ table, seed: 1, dim: 5 });
  const tied: Encoder<tf.Tensor2D> = {
    params: bag.params,
    encode: (ids, context) => tf.tidy(() => tf.matMul(bag.encode(ids, context), table as tf.Tensor2D, false, true)),
  };
  const ids = tf.tensor2d([[0, 1], [2, 3], [4, 6]], [3, 2], "int32");
  const options = { encoders: [tied], loss: coupling, chunkSize: 2 };
  const expected = reference(options, [ids], 5);
  const actual = cachedStep(options)([ids], key(5));
  assertParity(actual, expected);
  free(actual, expected);
});

engineTest("cachedStep() looks up rows whose numbers depend on parameters", () => {
  const codebook = tf.variable(randomMatrix(5, 6, 3));
  const inner = tinyEncoder({ seed: 1 });
  const encoder: Encoder<tf.Tensor2D> = {
    params: { ...inner.params, codebook },
    encode: (batch, context) =>
      tf.tidy(() => {
        const z = inner.encode(batch, context);
        const codes = tf.argMax(tf.matMul(z, codebook as tf.Tensor2D, false, true), 1);
        return tf.add(z, lookup(codebook, codes));
      }),
  };
  const options = { encoders: [encoder], loss: coupling, chunkSize: 2 };
  const batches = [randomMatrix(3, 5, 4)];
  const expected = fullStep(options)(batches, key(0));
  const actual = cachedStep(options)(batches, key(0));
  assertParity(actual, expected);
  assertGreater(relativeDistance(actual.gradients["encoder0/codebook"]!.dataSync(), new Float32Array(18).fill(1)), 0.1);
  free(actual, expected);
});
