import * as tf from "@tensorflow/tfjs";
import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import { cachedStep, type Encoder, fold, fullStep, key, type Loss, parity, readyChunks } from "../../core/mod.ts";
import { coupling, engineTest, randomMatrix, tinyEncoder } from "../support/mod.ts";

/** An encoder that standardises each column over the examples of its batch, as batch normalisation does. */
function standardizing(inner: Encoder<tf.Tensor2D>): Encoder<tf.Tensor2D> {
  return {
    ...inner,
    crossExample: true,
    encode: (batch, context) =>
      tf.tidy(() => {
        const z = inner.encode(batch, context);
        if (context.crossExample === "frozen") return z;
        const centred = tf.sub(z, tf.mean(z, 0));
        return tf.div(centred, tf.sqrt(tf.add(tf.mean(tf.square(centred), 0), 0.01)));
      }),
  };
}

/** A loss with a parameter of its own. */
function scaled(): Loss {
  const scale = tf.variable(tf.scalar(1.5));
  return Object.assign(
    (matrices: readonly tf.Tensor2D[]) =>
      tf.tidy(() => coupling(matrices.map((z, i) => i === 0 ? tf.mul(z, scale as tf.Scalar) : z))),
    { params: { scale } },
  );
}

engineTest("parity() passes for encoders with dropout and replays them bit for bit", async (engine) => {
  const encoders = [tinyEncoder({ seed: 1, dropout: 0.3, name: "query" }), tinyEncoder({ seed: 2, dropout: 0.3 })];
  const inputs = [randomMatrix(3, 11, 4), randomMatrix(4, 11, 4)];
  const options = { encoders, loss: scaled(), inputs, key: key(5), chunkSizes: [1, 4, 20], keeps: [0, 2], repeats: 1 };
  const before = tf.memory().numTensors;
  const report = await parity(options);
  assertEquals(tf.memory().numTensors, before);

  assert(report.passed);
  assertEquals([report.engine, report.examples, report.tolerance], [engine, [11, 11], 1e-5]);
  assertEquals(
    report.points.map(({ chunkSize, keep, replayed }) => [chunkSize, keep, replayed]),
    [[1, 0, 22], [1, 2, 18], [4, 0, 6], [4, 2, 2], [20, 0, 2], [20, 2, 0]],
  );
  for (const point of report.points) {
    assert(point.passed && point.bitEqual);
    assertLess(point.relativeL2, 1e-6);
    assertLess(Math.abs(point.lossDifference), 1e-6);
    assertEquals(point.groups.map(({ name }) => name), ["query", "encoder1", "loss"]);
    assertEquals(point.groups[0]!.parameters.map(({ name }) => name), ["first", "second"]);
    assertGreater(point.peakBytes, 0);
  }
  assertEquals(JSON.parse(JSON.stringify(report)), report);
});

engineTest("parity() fails for an encoder whose replay draws other random numbers", async () => {
  const inner = tinyEncoder({ seed: 1, dropout: 0.5 });
  let calls = 0;
  const forgetful: Encoder<tf.Tensor2D> = {
    params: inner.params,
    encode: (batch, context) => inner.encode(batch, { ...context, key: fold(context.key, calls++) }),
  };
  const inputs = [randomMatrix(3, 8, 4)];
  const report = await parity({
    encoders: [forgetful],
    loss: coupling,
    inputs,
    key: key(1),
    chunkSizes: [8],
    repeats: 1,
  });
  assert(!report.passed);
  const [cached, kept] = report.points;
  assert(!cached!.passed && !cached!.bitEqual);
  assertGreater(cached!.relativeL2, 0.05);
  // What is never replayed still draws other numbers than the whole batch did.
  assert(!kept!.passed && kept!.bitEqual);
});

engineTest("parity() sees a replay that differs in the last bit though the gradient passes", async () => {
  const inner = tinyEncoder({ seed: 1 });
  let calls = 0;
  const shifting: Encoder<tf.Tensor2D> = {
    params: inner.params,
    encode: (batch, context) => tf.tidy(() => tf.mul(inner.encode(batch, context), 1 + calls++ * 2 ** -23)),
  };
  const inputs = [randomMatrix(3, 4, 4)];
  const report = await parity({
    encoders: [shifting],
    loss: coupling,
    inputs,
    key: key(1),
    chunkSizes: [2],
    keeps: [0],
    repeats: 1,
  });
  assert(report.passed);
  assert(!report.points[0]!.bitEqual);
});

engineTest("parity() measures distances as a naive loop does", async () => {
  const loss = scaled();
  const encoders = [standardizing(tinyEncoder({ seed: 1 }))];
  const inputs = [randomMatrix(3, 9, 4)];
  const options = { encoders, loss, crossExample: "perChunk" as const, inputs };
  const { points: [point] } = await parity({ ...options, key: key(1), chunkSizes: [3], keeps: [0], repeats: 1 });
  const chunked = cachedStep({ ...options, chunkSize: 3 })(inputs, key(1));
  const whole = fullStep({ encoders, loss, chunkSize: 3 })(inputs, key(1));
  let [apart, size] = [0, 0];
  for (const [i, name] of ["encoder0/first", "encoder0/second"].entries()) {
    let largest = 0;
    const expected = whole.gradients[name]!.dataSync();
    chunked.gradients[name]!.dataSync().forEach((entry, j) => {
      apart += (entry - expected[j]!) ** 2;
      size += expected[j]! ** 2;
      largest = Math.max(largest, Math.abs(entry - expected[j]!));
    });
    assertEquals(point!.groups[0]!.parameters[i]!.largestDifference, largest);
  }
  assertAlmostEquals(point!.groups[0]!.relativeL2, Math.sqrt(apart / size), 1e-12);
  assertEquals(point!.lossDifference, chunked.loss.dataSync()[0]! - whole.loss.dataSync()[0]!);
  tf.dispose([chunked.loss, chunked.gradients, whole.loss, whole.gradients]);
});

engineTest("parity() says what a policy for encoders that mix examples costs", async () => {
  const options = {
    encoders: [standardizing(tinyEncoder({ seed: 1 }))],
    loss: coupling,
    inputs: [randomMatrix(3, 12, 4)],
    key: key(1),
    chunkSizes: [3, 12],
    keeps: [0],
    repeats: 1,
  };
  const perChunk = await parity({ ...options, crossExample: "perChunk" });
  assertEquals(perChunk.crossExample, "perChunk");
  assertEquals(perChunk.points.map(({ passed }) => passed), [false, true]);
  const frozen = await parity({ ...options, crossExample: "frozen" });
  assertEquals(frozen.points.map(({ passed }) => passed), [false, false]);
  assertEquals(frozen.full.loss, perChunk.full.loss);
  await assertRejects(() => parity(options), TypeError, "mixes the examples");
});

engineTest("parity() takes ready chunks, a shared encoder and a frozen one", async () => {
  const shared = tinyEncoder({ seed: 1, dropout: 0.2 });
  const encoders = [shared, shared, { ...tinyEncoder({ seed: 2 }), frozen: true }];
  const rows = randomMatrix(3, 6, 4);
  const chunks = readyChunks([tf.slice(rows, [0], [4]), tf.slice(rows, [4], [2])]);
  const { passed, points } = await parity({
    encoders,
    loss: coupling,
    inputs: [rows, chunks, rows],
    key: key(1),
    chunkSizes: [3],
    keeps: [0],
    repeats: 1,
  });
  assert(passed);
  assertEquals(points[0]!.replayed, 4);
  assertEquals(points[0]!.groups.map(({ name }) => name), ["encoder0"]);
});

engineTest("parity() fails above the tolerance and refuses options that compare nothing", async () => {
  const options = {
    encoders: [tinyEncoder({ seed: 1 })],
    loss: coupling,
    inputs: [randomMatrix(3, 12, 4)],
    key: key(1),
    chunkSizes: [5],
    keeps: [0],
    repeats: 1,
  };
  const { points: [point], passed } = await parity({ ...options, tolerance: 0 });
  assertGreater(point!.relativeL2, 0);
  assert(!passed);
  const faults: readonly [object, string][] = [
    [{ chunkSizes: [] }, "got 0 chunk sizes"],
    [{ keeps: [] }, "0 values of keep"],
    [{ chunkSizes: [4, 0] }, "chunkSize is 0"],
    [{ keeps: [-1] }, "keep is -1"],
    [{ tolerance: NaN }, "tolerance is NaN"],
    [{ tolerance: -1 }, "tolerance is -1"],
    [{ repeats: 0 }, "repeats is 0"],
  ];
  const before = tf.memory().numTensors;
  for (const [change, message] of faults) {
    await assertRejects(() => parity({ ...options, ...change }), RangeError, message);
  }
  assertEquals(tf.memory().numTensors, before);
});
