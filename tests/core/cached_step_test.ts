import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertGreater } from "@std/assert";
import { fc } from "../support/properties.ts";
import {
  accumulate,
  cachedStep,
  type Encoder,
  fold,
  fullStep,
  key,
  type Loss,
  readyChunks,
  type Step,
  type StepOptions,
} from "../../core/mod.ts";
import {
  assertNewTensors,
  assertParity,
  coupling,
  engineTest,
  free,
  randomMatrix,
  reference,
  relativeDistance,
  tinyEncoder,
} from "../support/mod.ts";

function withTemperature(): { loss: Loss; scale: tf.Variable } {
  const scale = tf.variable(tf.scalar(0.7));
  const loss = (matrices: readonly tf.Tensor2D[]) =>
    tf.tidy(() => coupling([tf.mul(matrices[0]!, tf.exp(scale as tf.Tensor)) as tf.Tensor2D, ...matrices.slice(1)]));
  return { loss: Object.assign(loss, { params: { scale } }), scale };
}

const cases = fc.record({
  inputs: fc.integer({ min: 1, max: 3 }),
  examples: fc.integer({ min: 1, max: 9 }),
  chunkSize: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant(Infinity)),
  keep: fc.oneof(fc.integer({ min: 0, max: 10 }), fc.constant(Infinity)),
  shared: fc.boolean(),
  dropout: fc.constantFrom(0, 0.4),
  ready: fc.boolean(),
  seed: fc.integer({ min: 0, max: 1000 }),
});

engineTest("cachedStep() agrees with the whole batch for any chunks, kept chunks, inputs and encoders", () => {
  fc.assert(
    fc.property(cases, ({ inputs, examples, chunkSize, keep, shared, dropout, ready, seed }) => {
      tf.tidy(() => {
        const encoders: Encoder<tf.Tensor2D>[] = [];
        for (let i = 0; i < inputs; i++) {
          encoders.push(shared && i > 0 ? encoders[0]! : tinyEncoder({ seed: seed + i, dropout }));
        }
        const { loss, scale } = withTemperature();
        const batches = encoders.map((_, i) => randomMatrix(seed * 7 + i, examples, 4));
        const options = { encoders, loss, chunkSize, keep };
        const expected = reference(options, batches, seed);
        const given = batches.map((batch) => {
          if (!ready || chunkSize === Infinity) return batch;
          const parts: tf.Tensor2D[] = [];
          for (let first = 0; first < examples; first += chunkSize) {
            parts.push(tf.slice(batch, [first], [Math.min(chunkSize, examples - first)]));
          }
          return readyChunks(parts);
        });
        assertParity(cachedStep(options)(given, key(seed)), expected);
        tf.dispose([scale, ...encoders.flatMap((encoder) => Object.values(encoder.params))]);
      });
    }),
    { numRuns: 60, seed: 1 },
  );
});

engineTest("cachedStep() agrees with the whole batch for different chunk sizes and kept chunks of each input", () => {
  const encoders = [tinyEncoder({ seed: 1, dropout: 0.2 }), tinyEncoder({ seed: 2, inputs: 5, dropout: 0.2 })];
  const batches = [randomMatrix(3, 11, 4), randomMatrix(4, 11, 5)];
  const options = { encoders, loss: coupling, chunkSize: [2, 5], keep: [1, 2] };
  const expected = reference(options, batches, 5);
  const actual = cachedStep(options)(batches, key(5));
  assertParity(actual, expected);
  assertEquals(actual.plan, [
    { examples: 11, chunkSize: 2, chunks: 6, kept: 1, replayed: 5 },
    { examples: 11, chunkSize: 5, chunks: 3, kept: 2, replayed: 1 },
  ]);
  free(actual, expected);
});

engineTest("cachedStep() takes trees of tensors and matrices of different height", () => {
  const inner = tinyEncoder({ seed: 1 });
  const encoder: Encoder<{ x: tf.Tensor2D; more: [tf.Tensor1D] }> = {
    params: inner.params,
    encode: ({ x, more }, context) =>
      tf.tidy(() => inner.encode(tf.mul(x, tf.expandDims(more[0], 1)) as tf.Tensor2D, context)),
  };
  const tree = (rows: number) => ({ x: randomMatrix(rows, rows, 4), more: [tf.ones([rows])] as [tf.Tensor1D] });
  const run = (chunkSize: number) =>
    cachedStep({ encoders: [encoder, encoder], loss: coupling, chunkSize, paired: false })([tree(4), tree(7)], key(0));
  const expected = run(Infinity);
  const actual = run(3);
  assertParity(actual, expected);
  free(actual, expected);
});

engineTest("cachedStep() encodes a frozen encoder once and trains the other", () => {
  let calls = 0;
  const inner = tinyEncoder({ seed: 1 });
  const frozen: Encoder<tf.Tensor2D> = {
    ...inner,
    frozen: true,
    encode: (batch, context) => {
      calls++;
      return inner.encode(batch, context);
    },
  };
  const options = { encoders: [tinyEncoder({ seed: 2 }), frozen], loss: coupling, chunkSize: 2, keep: 1 };
  const batches = [randomMatrix(3, 6, 4), randomMatrix(4, 6, 4)];
  const actual = cachedStep(options)(batches, key(0));
  assertEquals(calls, 3);
  assertEquals(Object.keys(actual.gradients), ["encoder0/first", "encoder0/second"]);
  assertEquals(actual.plan[1], { examples: 6, chunkSize: 2, chunks: 3, kept: 0, replayed: 0 });
  const expected = reference(options, batches, 0);
  assertParity(actual, expected);
  free(actual, expected);
});

engineTest("cachedStep() leaves nothing but what it returns, also when it throws", () => {
  const encoders = [tinyEncoder({ seed: 1, dropout: 0.3 }), tinyEncoder({ seed: 2 })];
  const batches = [randomMatrix(3, 7, 4), randomMatrix(4, 7, 4)];
  for (const keep of [0, 1, Infinity]) {
    const result = assertNewTensors(
      5,
      () => cachedStep({ encoders, loss: coupling, chunkSize: 3, keep })(batches, key(0)),
    );
    free(result);
    assertNewTensors(0, () => {
      const bad: Loss = ([z]) => tf.tidy(() => tf.div(tf.sum(z!), 0));
      try {
        cachedStep({ encoders, loss: bad, chunkSize: 3, keep })(batches, key(0));
      } catch (error) {
        return error;
      }
      throw new Error("expected the step to throw");
    });
  }
});

engineTest("cachedStep() gives the same numbers bit for bit for the same key and others for another", () => {
  const encoders = [tinyEncoder({ seed: 1, dropout: 0.5 })];
  const batches = [randomMatrix(3, 7, 4)];
  const step = cachedStep({ encoders, loss: coupling, chunkSize: 3 });
  const [first, again, other] = [step(batches, key(1)), step(batches, key(1)), step(batches, key(2))];
  for (const [name, gradient] of Object.entries(first.gradients)) {
    assertEquals(gradient.dataSync(), again.gradients[name]!.dataSync());
    assertGreater(relativeDistance(other.gradients[name]!.dataSync(), gradient.dataSync()), 0.01);
  }
  free(first, again, other);
});

engineTest("cachedStep() differs from the whole batch when the replay draws other random numbers", () => {
  const inner = tinyEncoder({ seed: 1, dropout: 0.5 });
  let calls = 0;
  const forgetful: Encoder<tf.Tensor2D> = {
    params: inner.params,
    encode: (batch, context) => inner.encode(batch, { ...context, key: fold(context.key, calls++) }),
  };
  const batches = [randomMatrix(3, 8, 4)];
  const options = { encoders: [forgetful], loss: coupling, chunkSize: 8 };
  const actual = cachedStep(options)(batches, key(1));
  calls = 0;
  const expected = reference(options, batches, 1);
  const apart = relativeDistance(
    actual.gradients["encoder0/second"]!.dataSync(),
    expected.gradients["encoder0/second"]!.dataSync(),
  );
  assertGreater(apart, 0.05);
  free(actual, expected);
});

engineTest("fullStep() keeps the whole batch on one tape and agrees with cachedStep()", () => {
  const options = { encoders: [tinyEncoder({ seed: 1, dropout: 0.3 })], loss: coupling, chunkSize: 2 };
  const batches = [randomMatrix(3, 7, 4)];
  const full = fullStep(options)(batches, key(1));
  const cached = cachedStep(options)(batches, key(1));
  assertParity(cached, full);
  assertEquals(full.plan, [{ examples: 7, chunkSize: 7, chunks: 1, kept: 1, replayed: 0 }]);
  free(full, cached);
});

engineTest("cachedStep() does not dispose what an encoder hands through", () => {
  const prototypes = tf.variable(randomMatrix(1, 4, 3));
  const held = randomMatrix(2, 4, 3);
  const batch = randomMatrix(3, 4, 3);
  const encoders: Encoder<tf.Tensor2D>[] = [
    { params: { prototypes }, encode: () => prototypes as tf.Tensor2D },
    { params: {}, frozen: true, encode: () => held },
    { params: {}, encode: (examples) => examples },
  ];
  for (const make of [cachedStep, fullStep, accumulate]) {
    free(assertNewTensors(2, () => make({ encoders, loss: coupling, chunkSize: 4 })([batch, batch, batch], key(0))));
  }
  assertEquals([prototypes, held, batch].map(({ isDisposed }) => isDisposed), [false, false, false]);
});

engineTest(
  "cachedStep() lets a loss use a frozen encoder in ways that have no gradient, and the twin of a trained one",
  () => {
    const live = tinyEncoder({ seed: 1, name: "tower" });
    const teacher = { ...live, frozen: true };
    const loss: Loss = ([a, b]) =>
      tf.tidy(() => tf.mean(tf.mul(a!, tf.add(tf.cast(tf.greater(b!, 0), "float32"), b!.dataSync()[0]!))));
    const batches = [randomMatrix(3, 6, 4), randomMatrix(4, 6, 4)];
    const run = (make: (options: StepOptions) => Step) =>
      make({ encoders: [live, teacher], loss, chunkSize: 6 })(batches, key(0));
    const [cached, full, accumulated] = [run(cachedStep), run(fullStep), run(accumulate)];
    assertEquals(Object.keys(cached.gradients), ["tower/first", "tower/second"]);
    assertParity(cached, full);
    assertParity(accumulated, full);
    free(cached, full, accumulated);
  },
);
