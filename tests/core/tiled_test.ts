import * as tf from "@tensorflow/tfjs";
import { assertAlmostEquals, assertEquals, assertGreater, assertThrows } from "@std/assert";
import { pullback } from "../../core/_autodiff.ts";
import { aligned, cachedStep, fullStep, key, rowLoss, tiled } from "../../core/mod.ts";
import {
  assertClose,
  assertNewTensors,
  assertParity,
  engineTest,
  free,
  randomMatrix,
  tinyEncoder,
} from "../support/mod.ts";
import { assertZeros, evaluate, matrix, rowsOf, store, told, toy } from "./_row_support.ts";

const labels = [0, 1, 0, 2, 0, 1, 2, 1, 0, 3, 4, 5, 6];
const rows = rowsOf(1, labels.length, 4);

engineTest("tiled() agrees with TensorFlow.js's own differentiation of the same formula", () => {
  tf.tidy(() => {
    const x = matrix(rows);
    const whole = (x: tf.Tensor) => {
      const unit = tf.div(x, tf.sqrt(tf.sum(tf.square(x), 1, true)));
      const similarity = tf.matMul(unit as tf.Tensor2D, unit as tf.Tensor2D, false, true);
      const own = tf.tensor1d(labels, "int32");
      const same = tf.cast(tf.equal(tf.reshape(own, [-1, 1]), tf.reshape(own, [1, -1])), "float32");
      const [near, far] = [tf.sub(same, tf.eye(labels.length)), tf.sub(1, same)];
      const mean = (terms: tf.Tensor, mask: tf.Tensor) => tf.div(tf.sum(tf.mul(terms, mask)), tf.sum(mask));
      return tf.add(mean(tf.square(tf.sub(1, similarity)), near), mean(tf.exp(similarity), far)) as tf.Scalar;
    };
    const stock = tf.valueAndGrad(whole)(x);
    const { value, grad } = tf.valueAndGrad((x) => tiled(toy(), { rows: 2 })([x as tf.Tensor2D], told(labels)))(x);
    assertAlmostEquals(value.dataSync()[0]!, stock.value.dataSync()[0]!, 1e-6);
    assertClose(grad, stock.grad, 1e-6);
  });
});

engineTest("tiled() scales its gradient with the cotangent", () => {
  const scale = tf.variable(tf.scalar(0.8));
  const loss = toy({ params: { scale }, similarity: "dot", penalty: () => tf.square(scale) as tf.Scalar });
  tf.tidy(() => {
    const targets = [matrix(rows), scale as tf.Scalar];
    const run = () => tiled(loss, { rows: 3 })([targets[0] as tf.Tensor2D], told(labels));
    const plain = evaluate(run, targets).gradients.flat();
    assertClose(evaluate(run, targets, -2.5).gradients.flat(), plain.map((x) => -2.5 * x), 1e-6);
    const halved = evaluate(() => tf.mul(tf.add(run(), run()), 0.5), targets).gradients.flat();
    assertClose(halved, plain, 1e-6);
  });
  scale.dispose();
});

engineTest("tiled() takes a gradient from some tiles only", () => {
  const loss = (skipped: (first: number, sum: tf.Scalar) => tf.Scalar) =>
    rowLoss({
      title: "t",
      terms: ({ similarity, negative, first, rows }) => {
        const sum = tf.sum(tf.mul(tf.exp(similarity), tf.cast(negative, "float32"))) as tf.Scalar;
        return { sum: first === 4 || first === 0 ? skipped(first, sum) : sum, count: rows };
      },
    });
  tf.tidy(() => {
    const x = matrix(rows);
    const gradient = (how: (first: number, sum: tf.Scalar) => tf.Scalar) =>
      evaluate(() => tiled(loss(how), { rows: 4 })([x], told(labels)), [x]).gradients[0]!;
    // Nothing of such a tile is connected with the inputs, as where terms end early for want of pairs.
    assertClose(gradient(() => tf.scalar(0)), gradient((_, sum) => tf.mul(sum, 0)), 1e-6);
  });
});

engineTest("tiled() has no gradient where no tile is connected with the inputs", () => {
  tf.tidy(() => {
    const x = matrix(rows);
    const loss = rowLoss({ title: "t", terms: ({ rows }) => ({ sum: tf.scalar(rows), count: rows }) });
    const { value, gradients } = evaluate(() => tiled(loss, { rows: 4 })([x], told(labels)), [x]);
    assertEquals(value, 1);
    assertZeros(gradients[0]!);
  });
});

for (const means of [1, 2]) {
  engineTest(`tiled() says which number of means it expected, with and without a tape: ${means}`, () => {
    tf.tidy(() => {
      const x = matrix(rows);
      const term = (similarity: tf.Tensor2D) => ({ sum: tf.sum(similarity) as tf.Scalar, count: 1 });
      const loss = rowLoss({
        title: "the odd loss",
        means,
        terms: ({ similarity }) => Array.from({ length: 3 - means }, () => term(similarity)),
      });
      assertThrows(() => loss([x], told(labels)), Error, "the odd loss");
      assertThrows(() => evaluate(() => loss([x], told(labels)), [x]), Error, "the odd loss");
    });
  });
}

engineTest("tiled() leaves its value and gradients only", () => {
  const scale = tf.variable(tf.scalar(0.8));
  const [x, context, memory] = [matrix(rows), told(labels), store(rowsOf(2, 3, 4))];
  for (const similarity of ["cosine", "dot"] as const) {
    const loss = toy({ similarity, params: { scale }, penalty: () => tf.square(scale) as tf.Scalar });
    for (const options of [{ rows: 3 }, { rows: Infinity }, { rows: 3, memory }]) {
      const made = tiled(loss, options);
      assertNewTensors(1, () => made([x], context)).dispose();
      const { value, gradients } = assertNewTensors(
        3,
        () => pullback(() => made([x], context), () => [x, scale as tf.Tensor]),
      );
      tf.dispose([value, ...gradients as tf.Tensor[]]);
      assertNewTensors(1, () => tf.grad((x) => made([x as tf.Tensor2D], context))(x)).dispose();
    }
  }
  tf.dispose([x, context.targets as tf.Tensor, scale]);
});

type Place = "terms" | "miner" | "penalty" | "pairing" | "attach" | "enqueue";

/** A loss that throws in one place, in the second tile where that is in one. */
function throwing(place: Place, similarity: "cosine" | "dot") {
  const memory = store(rowsOf(2, 3, 4));
  const stop = (here: Place, first = 1) => {
    tf.scalar(1);
    if (here === place && first > 0) throw new RangeError(`stop in ${place}`);
  };
  const loss = toy({
    similarity,
    pairing: (matrices, context) => {
      const pairs = aligned()(matrices, context);
      stop("pairing");
      return pairs;
    },
    terms: (block) => {
      const terms = toy().terms(block);
      stop("terms", block.first);
      return terms;
    },
    penalty: () => {
      stop("penalty");
      return tf.scalar(1);
    },
  });
  const made = tiled(loss, {
    rows: 3,
    miner: (masks, { first }) => {
      stop("miner", first);
      return masks;
    },
    memory: {
      attach: (pairs, context) => {
        const attached = memory.attach(pairs, context);
        stop("attach");
        return {
          ...attached,
          enqueue: () => {
            stop("enqueue");
            attached.enqueue!();
          },
        };
      },
    },
  });
  return { made, memory };
}

for (const place of ["terms", "miner", "penalty", "pairing", "attach", "enqueue"] as const) {
  engineTest(`tiled() leaves nothing and writes no memory when it throws in ${place}, with and without a tape`, () => {
    const [x, y] = [matrix(rows), matrix(rowsOf(2, 15, 4))];
    for (const similarity of ["cosine", "dot"] as const) {
      const { made, memory } = throwing(place, similarity);
      const message = `stop in ${place}`;
      assertNewTensors(0, () => assertThrows(() => made([x, y], told()), RangeError, message));
      assertNewTensors(0, () => {
        assertThrows(() => pullback(() => made([x, y], told()), () => [x, y]), RangeError, message);
      });
      assertEquals(memory.written, 0);
    }
    // The engine can go on.
    assertGreater(evaluate(() => tiled(toy(), { rows: 2 })([x], told(labels)), [x]).gradients[0]!.length, 0);
    tf.dispose([x, y]);
  });
}

engineTest("tiled() writes a memory once for each evaluation, whatever the tiles and the tape", () => {
  tf.tidy(() => {
    const x = matrix(rows);
    const memory = store(rowsOf(2, 3, 4));
    [1, 4, Infinity].forEach((size, i) => {
      const loss = tiled(toy(), { rows: size, memory });
      loss([x], told(labels));
      assertEquals(memory.written, 2 * i + 1);
      evaluate(() => loss([x], told(labels)), [x]);
      assertEquals(memory.written, 2 * i + 2);
    });
    const inputs = randomMatrix(5, 13, 4);
    const targets = tf.tensor1d(labels, "int32");
    const loss = tiled(toy(), { memory, rows: 2 });
    free(cachedStep({ encoders: [tinyEncoder({ dim: 4 })], loss, chunkSize: 5 })([inputs], key(0), targets));
    assertEquals(memory.written, 7);
  });
});

engineTest("tiled() gives parameters and encoders of a step the same gradients in tiles as whole", () => {
  const encoders = [tinyEncoder({ seed: 1 }), tinyEncoder({ seed: 2 })];
  const scale = tf.variable(tf.scalar(0.8));
  const loss = toy({
    pairing: aligned(),
    params: { scale },
    means: 1,
    terms: ({ similarity, rows }) => ({ sum: tf.sum(tf.exp(tf.mul(similarity, scale as tf.Scalar))), count: rows }),
  });
  const inputs = [randomMatrix(3, 11, 4), randomMatrix(4, 11, 4)];
  const full = fullStep({ encoders, loss: tiled(loss, { rows: Infinity }), chunkSize: 11 })(inputs, key(1));
  assertGreater(Math.abs(full.gradients["loss/scale"]!.dataSync()[0]!), 0.1);
  for (const size of [1, 4]) {
    const cached = cachedStep({ encoders, loss: tiled(loss, { rows: size }), chunkSize: 3 })(inputs, key(1));
    assertParity(cached, full);
    free(cached);
  }
  free(full);
});
