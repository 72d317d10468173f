import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import {
  cachedStep,
  type Encoder,
  fullStep,
  key,
  measurePeakSync,
  readyChunks,
  type StepOptions,
  type StepResult,
  type TokenBatch,
  uniform,
} from "../../core/mod.ts";
import { embeddingBag, transformer } from "../../encoders/mod.ts";
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

const WIDTH = 9;
const TEXTS: Record<string, readonly number[]> = {
  "from 1 to the longest": [5, 1, 9, 3, 3, 7, 2, 8, 4, 6, 1],
  "all equal": Array(11).fill(9),
  "one long among short": [1, 2, 1, 1, 9, 2, 1, 1, 2, 1, 1],
  "some empty": [0, 3, 0, 5, 0, 2, 9, 0, 1, 1, 0],
  "shorter than the padding": [2, 1, 3, 2, 1, 1, 4, 2, 3, 1, 2],
};

/** Texts of some lengths, padded to a width with tokens that must not matter. */
function texts(lengths: readonly number[], seed: number, width = WIDTH): TokenBatch {
  const draws = uniform(key(seed), [0], lengths.length * width);
  const shape: [number, number] = [lengths.length, width];
  return {
    ids: tf.tensor2d(Int32Array.from(draws, (draw) => Math.floor(draw * 20)), shape, "int32"),
    mask: tf.tensor2d(draws.map((_, i) => i % width < lengths[Math.floor(i / width)]! ? 1 : 0), shape),
  };
}

const bert = (name: string, seed: number) =>
  transformer({ name, vocabulary: 20, maxLength: WIDTH, width: 8, heads: 2, layers: 1, dropout: 0.3, key: key(seed) });
const bag = (name: string, seed: number) =>
  embeddingBag({ name, vocabulary: 20, dim: 8, hidden: 16, dropout: 0.3, key: key(seed) });
const pairs: Record<string, () => [Encoder<TokenBatch>, Encoder<TokenBatch>]> = {
  "one transformer for both inputs": () => {
    const both = bert("both", 1);
    return [both, both];
  },
  "a transformer and a bag": () => [bert("query", 1), bag("passage", 2)],
};

function dispose(encoders: readonly Encoder<TokenBatch>[], inputs: readonly TokenBatch[]): void {
  tf.dispose([encoders.map(({ params }) => Object.values(params)), inputs.map(({ ids, mask }) => [ids, mask])]);
}

/** Compares all gradients at once: some, such as that of a key's bias, are zero but for rounding. */
function assertSame(actual: StepResult, expected: StepResult, what: string): void {
  assertClose(actual.loss, expected.loss, 1e-6, what);
  const all = ({ gradients }: StepResult) => Object.values(gradients).flatMap((gradient) => [...gradient.dataSync()]);
  assertEquals(Object.keys(actual.gradients), Object.keys(expected.gradients));
  assertClose(all(actual), all(expected), 1e-6, what);
}

for (const [encoding, encodersOf] of Object.entries(pairs)) {
  engineTest(`cachedStep() in chunks by tokens agrees with the whole batch: ${encoding}`, () => {
    const encoders = encodersOf();
    const loss = infoNCE({ temperature: 0.5 });
    for (const [name, lengths] of Object.entries(TEXTS)) {
      const inputs = [texts(lengths, 1), texts(lengths.toReversed(), 2)];
      const full = fullStep({ encoders, loss })(inputs, key(1));
      for (const [chunkTokens, keep] of [[1, 0], [9, 1], [20, 2], [20, Infinity], [Infinity, 0]] as const) {
        const step = cachedStep({ encoders, loss, chunkTokens, keep });
        const count = 1 + Object.keys(step.params).length;
        const result = assertNewTensors(count, () => step(inputs, key(1)));
        assertSame(result, full, `${name}, ${chunkTokens} tokens, ${keep} kept`);
        free(result);
      }
      free(full);
      tf.dispose(inputs.flatMap(({ ids, mask }) => [ids, mask]));
    }
    dispose(encoders, []);
  });
}

engineTest(
  "cachedStep() by tokens encodes short texts with short ones, each with the row that it has in the batch",
  () => {
    const inner = bag("bag", 1);
    const seen: { rows: number[]; width: number }[] = [];
    const encoder: Encoder<TokenBatch> = {
      ...inner,
      encode: (batch, context) => {
        seen.push({ rows: [...context.rows], width: batch.ids.shape[1] });
        return inner.encode(batch, context);
      },
    };
    const lengths = [5, 1, 0, 9, 2, 2, 1];
    const batch = texts(lengths, 1);
    const result = cachedStep({ encoders: [encoder], loss: coupling, chunkTokens: 6 })([batch], key(0));
    const chunks = [
      { rows: [1, 2, 6], width: 1 },
      { rows: [4, 5], width: 2 },
      { rows: [0], width: 5 },
      { rows: [3], width: 9 },
    ];
    assertEquals(seen, [...chunks, ...chunks]);
    assertEquals(result.plan, [{ examples: 7, chunkSize: 3, chunks: 4, kept: 0, replayed: 4 }]);
    free(result);
    dispose([inner], [batch]);
  },
);

engineTest("cachedStep() with a budget cuts by tokens, agrees with the whole batch and keeps to the budget", () => {
  const some = ["one long among short", "some empty"];
  for (const encodersOf of Object.values(pairs)) {
    const encoders = encodersOf();
    const loss = infoNCE({ temperature: 0.5 });
    for (const lengths of some.map((name) => TEXTS[name]!)) {
      const repeated = [lengths, lengths, lengths].flat();
      const inputs = [texts(repeated, 1), texts(repeated.toReversed(), 2)];
      const error = assertThrows(() => cachedStep({ encoders, loss, memory: 1 })(inputs, key(0)), RangeError);
      const least = Number(/at least (\d+) B/.exec(error.message)![1]);
      for (const memory of [least, 3 * least]) {
        const step = cachedStep({ encoders, loss, memory });
        for (let i = 0; i < 2; i++) {
          const full = fullStep({ encoders, loss })(inputs, key(i));
          const result = assertNewTensors(1 + Object.keys(step.params).length, () => step(inputs, key(i)));
          assertSame(result, full, `${memory} bytes`);
          assertLessOrEqual(result.memory!.peakBytes, memory);
          for (const { chunkTokens } of result.memory!.inputs) assert(chunkTokens! > 0);
          free(result, full);
        }
      }
      dispose([], inputs);
    }
    dispose(encoders, []);
  }
});

engineTest("cachedStep() with a budget for the whole batch leaves texts of one length whole", () => {
  const encoders = [bert("query", 1), bag("passage", 2)];
  const inputs = [texts(TEXTS["all equal"]!, 1), texts(TEXTS["all equal"]!, 2)];
  const full = fullStep({ encoders, loss: infoNCE() });
  const { result: expected, peakBytes } = measurePeakSync(() => full(inputs, key(0)));
  // To know that so few examples fit whole without trying takes some room.
  const memory = Math.ceil(1.1 * peakBytes);
  const step = cachedStep({ encoders, loss: infoNCE(), memory });
  free(step(inputs, key(0)));
  const result = step(inputs, key(1));
  assertLessOrEqual(result.memory!.peakBytes, memory);
  assertEquals(result.plan, expected.plan);
  free(result, expected);
  dispose(encoders, inputs);
});

engineTest("cachedStep() with a budget profiles by tokens anew for longer texts only", () => {
  const inner = bag("bag", 1);
  let calls = 0;
  const encoder: Encoder<TokenBatch> = {
    ...inner,
    encode: (batch, context) => {
      calls++;
      return inner.encode(batch, context);
    },
  };
  const step = cachedStep({ encoders: [encoder], loss: coupling, memory: "1MB" });
  const profiled = (lengths: readonly number[], width: number) => {
    calls = 0;
    const batch = texts(lengths, 1, width);
    const result = step([batch], key(0));
    const [{ chunks, replayed }] = result.plan as [StepResult["plan"][number]];
    free(result);
    dispose([], [batch]);
    return calls > chunks + replayed;
  };
  assert(profiled([1, 5, 3], 6));
  assert(!profiled([1, 2, 3, 3], 4));
  assert(!profiled([5, 5], 9));
  assert(profiled([1, 7], 7));
  dispose([inner], []);
});

engineTest("cachedStep() takes chunks by tokens beside chunks of examples, and refuses what cannot be cut so", () => {
  const images = tinyEncoder({ dim: 8 });
  const words = bag("bag", 1);
  const options: StepOptions = { encoders: [words, images], loss: coupling, chunkTokens: 6 };
  const inputs = [texts([1, 4, 2, 6], 1), randomMatrix(1, 4, 4)];
  assertThrows(() => cachedStep(options), TypeError, "encoder encoder1 has no sequences");
  const result = cachedStep({ ...options, chunkSize: 3 })(inputs, key(0));
  assertEquals(result.plan.map(({ chunks, chunkSize }) => [chunks, chunkSize]), [[3, 2], [2, 3]]);
  free(result);
  for (const chunkTokens of [0, -1, 1.5, NaN]) {
    assertThrows(
      () => cachedStep({ ...options, chunkSize: 3, chunkTokens }),
      RangeError,
      `chunkTokens is ${chunkTokens}`,
    );
  }
  const one: StepOptions = { encoders: [words], loss: coupling, chunkTokens: 6 };
  assertThrows(() => cachedStep(one)([readyChunks([inputs[0]!])], key(0)), TypeError, "it comes in ready chunks");
  const lying = (lengths: number[]) => ({ ...words, sequences: { ...words.sequences!, lengths: () => lengths } });
  const take = (lengths: number[]) => cachedStep({ ...one, encoders: [lying(lengths)] })([inputs[0]!], key(0));
  assertThrows(() => take([1, 2]), RangeError, "Cannot cut input 0 (bag) by tokens: it has 2 lengths, expected 4");
  assertThrows(() => take([1, 2, 3, NaN]), RangeError, "example 3 has length NaN");
});

engineTest("transformer() and embeddingBag() tell lengths by the last token that counts, and crop", () => {
  const { sequences } = bag("bag", 1);
  const mask = tf.tensor2d([[1, 0, 2, 0], [0, 0, 0, 0], [0.5, 1, 1, 1]]);
  const ids = tf.range(0, 12, 1, "int32").reshape([3, 4]) as tf.Tensor2D;
  assertEquals([...sequences!.lengths({ ids, mask }) as Int32Array], [3, 0, 4]);
  const cut = sequences!.crop({ ids, mask }, 2) as TokenBatch;
  assertEquals([cut.ids.arraySync(), cut.mask.arraySync()], [[[0, 1], [4, 5], [8, 9]], [[1, 0], [0, 0], [0.5, 1]]]);
  assertEquals((sequences!.crop({ ids, mask }, 9) as TokenBatch).ids.shape, [3, 4]);
});
