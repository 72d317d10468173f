import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertThrows } from "@std/assert";
import { fc } from "../support/properties.ts";
import { key, lookupSum, uniform } from "../../core/mod.ts";
import { recordLookups } from "../../core/lookup.ts";
import { hasFused } from "../../core/_fused.ts";
import { engineTableSum, hostTableSum, nativeTableSum, tableSum } from "../../core/_table_sum.ts";
import { assertClose, assertNewTensors, engineTest, randomMatrix } from "../support/mod.ts";

/** The ways that the running engine can sum in. */
const ways = () => [hostTableSum, engineTableSum, ...hasFused("AccumulateRows") ? [nativeTableSum] : [], tableSum];

const sizes = fc.record({
  vocabulary: fc.integer({ min: 1, max: 6 }),
  examples: fc.integer({ min: 1, max: 4 }),
  length: fc.integer({ min: 1, max: 5 }),
  chunks: fc.integer({ min: 1, max: 4 }),
  weighted: fc.boolean(),
  seed: fc.nat(1000),
});

engineTest("table sums add up what a loop adds up, and leave nothing behind", () => {
  fc.assert(
    fc.property(sizes, ({ vocabulary, examples, length, chunks, weighted, seed }) => {
      const dim = 3;
      const naive = new Float32Array(vocabulary * dim);
      const table = tf.variable(tf.zeros([vocabulary, dim]));
      for (const make of ways()) {
        naive.fill(0);
        const sum = assertNewTensors(1, () => {
          const running = make(table);
          for (let chunk = 0; chunk < chunks; chunk++) {
            const draw = (name: number, count: number) => uniform(key(seed + 10 * chunk + name), [0], count);
            const ids = Int32Array.from(draw(0, examples * length), (value) => Math.floor(value * vocabulary));
            const weights = draw(1, examples * length).map((value) => value < 0.3 ? 0 : value);
            const rows = weighted ? examples : examples * length;
            const gradient = draw(2, rows * dim);
            ids.forEach((id, i) => {
              for (let j = 0; j < dim; j++) {
                const from = weighted ? Math.floor(i / length) : i;
                naive[id * dim + j]! += (weighted ? weights[i]! : 1) * gradient[from * dim + j]!;
              }
            });
            running.add({
              table,
              ids: tf.tensor1d(ids, "int32"),
              ...(weighted ? { weights: tf.tensor2d(weights, [examples, length]) } : {}),
              output: table as tf.Tensor,
            }, tf.tensor2d(gradient, [rows, dim]));
          }
          return running.finish();
        });
        assertEquals(sum.shape, [vocabulary, dim]);
        assertClose(sum, naive, 1e-6);
        sum.dispose();
      }
      table.dispose();
    }),
    { numRuns: 30 },
  );
});

engineTest("table sums can be dropped halfway, and are zeros without lookups", () => {
  const table = tf.variable(tf.zeros([4, 2]));
  for (const make of ways()) {
    assertNewTensors(0, () => {
      const running = make(table);
      running.add({ table, ids: tf.tensor1d([1], "int32"), output: table as tf.Tensor }, tf.ones([1, 2]));
      running.dispose();
    });
    const nothing = make(table).finish();
    assertEquals(nothing.dataSync(), new Float32Array(8));
    nothing.dispose();
  }
});

engineTest("lookupSum() agrees with a product by weighted one-hot rows, value and gradient", () => {
  tf.tidy(() => {
    const table = tf.variable(randomMatrix(1, 5, 3));
    const ids = tf.tensor2d([[0, 1, 1], [4, 1, 0]], [2, 3], "int32");
    const weights = tf.tensor2d([[0.5, 2, 0], [1, -1, 3]]);
    const cotangent = randomMatrix(2, 2, 3);
    const spread = tf.tensor2d([[0.5, 2, 0, 0, 0], [3, -1, 0, 0, 1]]);
    const dense = (t: tf.Tensor) => tf.sum(tf.mul(tf.matMul(spread, t as tf.Tensor2D), cotangent));
    assertClose(lookupSum(table, ids, weights), tf.matMul(spread, table as tf.Tensor2D), 1e-6);
    const { grads } = tf.variableGrads(() => tf.sum(tf.mul(lookupSum(table, ids, weights), cotangent)), [table]);
    assertClose(grads[table.name]!, tf.grad(dense)(table as tf.Tensor), 1e-6);
    table.dispose();
  });
});

engineTest("lookupSum() refuses weights that do not fit the ids", () => {
  tf.tidy(() => {
    const table = tf.variable(randomMatrix(1, 5, 3));
    const ids = tf.tensor2d([[0, 1]], [1, 2], "int32");
    assertThrows(() => lookupSum(table, ids, tf.ones([1, 3])), RangeError, "ids have shape [1,2] and weights [1,3]");
    assertThrows(() => lookupSum(table, tf.ones([1, 2]), tf.ones([1, 2])), TypeError, "ids are float32");
  });
});

engineTest("recordLookups() drops what it kept when the function throws", () => {
  const table = tf.variable(randomMatrix(1, 5, 3));
  const ids = tf.tensor2d([[0, 1]], [1, 2], "int32");
  const weights = tf.ones([1, 2]) as tf.Tensor2D;
  assertNewTensors(0, () =>
    assertThrows(
      () =>
        tf.tidy(() =>
          void recordLookups(new Set([table]), () => {
            lookupSum(table, ids, weights);
            throw new Error("stop");
          })
        ),
      Error,
      "stop",
    ));
});
