import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { fc } from "../support/properties.ts";
import {
  cachedStep,
  type Encoder,
  fullStep,
  key,
  measurePeakSync,
  readyChunks,
  type StepResult,
  type TokenBatch,
} from "../../core/mod.ts";
import { embeddingBag } from "../../encoders/mod.ts";
import { infoNCE } from "../../losses/info_nce.ts";
import {
  assertClose,
  assertNewTensors,
  coupling,
  engineTest,
  free,
  randomMatrix,
  tinyEncoder,
} from "../support/mod.ts";

/** Counts the examples that an encoder encodes. */
function counted<B extends Encoder<tf.Tensor2D>>(encoder: B): { encoder: B; examples: () => number } {
  let examples = 0;
  return {
    encoder: {
      ...encoder,
      encode(batch, context) {
        examples += batch.shape[0];
        return encoder.encode(batch, context);
      },
    },
    examples: () => examples,
  };
}

/** Asserts that two steps gave the same bits. */
function assertSame(actual: StepResult, expected: StepResult): void {
  assertEquals(actual.loss.dataSync(), expected.loss.dataSync());
  for (const [name, gradient] of Object.entries(expected.gradients)) {
    assertEquals(actual.gradients[name]!.dataSync(), gradient.dataSync(), name);
  }
}

const cases = fc.record({
  inputs: fc.integer({ min: 1, max: 3 }),
  examples: fc.integer({ min: 1, max: 9 }),
  chunkSize: fc.integer({ min: 1, max: 12 }),
  keep: fc.oneof(fc.integer({ min: 0, max: 10 }), fc.constant(Infinity)),
  ready: fc.boolean(),
  seed: fc.integer({ min: 0, max: 1000 }),
});

engineTest("a step on its own representations gives the bits of a step that encodes, and encodes less", () => {
  fc.assert(
    fc.property(cases, ({ inputs, examples, chunkSize, keep, ready, seed }) => {
      tf.tidy(() => {
        const counters = Array.from(
          { length: inputs },
          (_, i) => counted(tinyEncoder({ seed: seed + i, dropout: 0.4 })),
        );
        const step = cachedStep({
          encoders: counters.map(({ encoder }) => encoder),
          loss: coupling,
          chunkSize,
          keep,
        });
        const given = counters.map((_, i) => {
          const batch = randomMatrix(seed * 7 + i, examples, 4);
          const firsts = Array.from({ length: Math.ceil(examples / chunkSize) }, (_, i) => i * chunkSize);
          if (!ready) return batch;
          return readyChunks(
            firsts.map((first) => tf.slice(batch, [first], [Math.min(chunkSize, examples - first)])),
          );
        });
        const expected = step(given, key(seed));
        const represented = assertNewTensors(inputs, () => step.represent(given, key(seed)));
        const before = counters.map(({ examples }) => examples());
        const actual = assertNewTensors(
          1 + Object.keys(step.params).length,
          () => step(given, key(seed), undefined, { represented }),
        );
        assertSame(actual, expected);
        assertEquals(actual.plan, expected.plan);
        // The kept chunks on the tape and the others in the replay: each once.
        assertEquals(counters.map(({ examples }, i) => examples() - before[i]!), Array(inputs).fill(examples));
        tf.dispose(counters.map(({ encoder }) => Object.values(encoder.params)));
      });
    }),
    { numRuns: 40, seed: 1 },
  );
});

engineTest("representations of texts that are sorted by length stand in the order of the batch", () => {
  tf.tidy(() => {
    const lengths = [5, 1, 4, 2, 5, 3];
    const batch: TokenBatch = {
      ids: tf.tensor2d(Int32Array.from({ length: 30 }, (_, i) => (7 * i) % 20), [6, 5], "int32"),
      mask: tf.tensor2d(lengths.flatMap((length) => Array.from({ length: 5 }, (_, i) => i < length ? 1 : 0)), [6, 5]),
    };
    const encoder = embeddingBag({ name: "bag", vocabulary: 20, dim: 8, hidden: 16, dropout: 0.3, key: key(2) });
    const encoders = [encoder];
    const [whole] = fullStep({ encoders, loss: coupling }).represent([batch], key(3));
    for (const keep of [0, 1]) {
      const step = cachedStep({ encoders, loss: coupling, chunkTokens: 6, keep });
      const represented = step.represent([batch], key(3));
      assertClose(represented[0]!, whole!, 1e-6, "representations");
      assertSame(step([batch], key(3), undefined, { represented }), step([batch], key(3)));
    }
    tf.dispose(Object.values(encoder.params));
  });
});

engineTest("a step with a budget represents in it, and steps on what was represented keep to it", () => {
  tf.tidy(() => {
    const encoders = [
      tinyEncoder({ seed: 1, hidden: 300, inputs: 3, dim: 2 }),
      tinyEncoder({ seed: 2, hidden: 300, inputs: 3, dim: 2 }),
    ];
    const loss = infoNCE({ temperature: 0.5 });
    const inputs = [randomMatrix(1, 40, 3), randomMatrix(2, 40, 3)];
    const full = measurePeakSync(() => fullStep({ encoders, loss })(inputs, key(0)));
    const expected = full.result;
    const memory = Math.floor(full.peakBytes / 2);
    const step = cachedStep({ encoders, loss, memory });
    for (let i = 0; i < 4; i++) {
      const { result: represented, peakBytes } = measurePeakSync(() => step.represent(inputs, key(0)));
      assertLessOrEqual(peakBytes, memory);
      const { result, peakBytes: ofStep } = measurePeakSync(() => step(inputs, key(0), undefined, { represented }));
      assertLessOrEqual(ofStep, memory);
      assert(result.memory!.inputs.some(({ chunks }) => chunks > 1));
      for (const [name, gradient] of Object.entries(expected.gradients)) {
        assertClose(result.gradients[name]!, gradient, 2e-6, name);
      }
      free(result);
      tf.dispose([...represented]);
    }
    tf.dispose(encoders.map(({ params }) => Object.values(params)));
  });
});

engineTest("representations that cannot be those of the inputs are refused before anything is computed", () => {
  tf.tidy(() => {
    const { encoder, examples } = counted(tinyEncoder({ seed: 1 }));
    const step = cachedStep({ encoders: [encoder, encoder], loss: coupling, chunkSize: 2 });
    const inputs = [randomMatrix(1, 5, 4), randomMatrix(2, 5, 4)];
    const matrix = randomMatrix(3, 5, 3);
    const take = (represented: unknown) => () =>
      step(inputs, key(0), undefined, { represented: represented as tf.Tensor2D[] });
    assertThrows(take([matrix]), TypeError, "represented is a list of 1, expected a list of 2 matrices");
    assertThrows(take(matrix), TypeError, "represented is object, expected a list of 2 matrices");
    assertThrows(take([matrix, 3]), TypeError, "represented[1] is number, expected a float32 matrix for input 1");
    assertThrows(
      take([tf.cast(matrix, "int32"), matrix]),
      TypeError,
      "represented[0] is int32 of shape [5,3], expected a float32 matrix",
    );
    assertThrows(
      take([matrix, randomMatrix(3, 4, 3)]),
      RangeError,
      "represented[1] has shape [4,3], expected [5, dim]",
    );
    assertThrows(() => step.represent([inputs[0]!], key(0)), TypeError, "got 1 inputs, expected a list of 2");
    assertEquals(examples(), 0);
    tf.dispose(Object.values(encoder.params));
  });
});
