import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertGreater, assertLess, assertLessOrEqual, assertThrows } from "@std/assert";
import {
  affine,
  cachedStep,
  describePlan,
  type Encoder,
  fullStep,
  geluAffine,
  key,
  measurePeakSync,
  type StepOptions,
  type StepResult,
  type TokenBatch,
  uniform,
} from "../../core/mod.ts";
import { transformer } from "../../encoders/mod.ts";
import { infoNCE } from "../../losses/info_nce.ts";
import { assertClose, assertNewTensors, coupling, engineTest, free, randomMatrix } from "../support/mod.ts";

const LENGTH = 6;

function texts(seed: number, examples: number): TokenBatch {
  const draws = uniform(key(seed), [0], examples * LENGTH);
  const shape: [number, number] = [examples, LENGTH];
  return {
    ids: tf.tensor2d(Int32Array.from(draws, (draw) => Math.floor(draw * 30)), shape, "int32"),
    mask: tf.tensor2d(draws.map((_, i) => i % LENGTH < 2 + (i / LENGTH | 0) % 5 ? 1 : 0), shape),
  };
}

const bert = (width = 8, dropout = 0.3) =>
  transformer({ name: "bert", vocabulary: 30, maxLength: LENGTH, width, heads: 2, layers: 2, dropout, key: key(1) });

/** Products of matrices that a function computes. */
async function productsOf(run: () => StepResult): Promise<{ result: StepResult; products: number }> {
  let result: StepResult | undefined;
  const { kernels } = await tf.profile(() => {
    result = run();
    return result.loss;
  });
  return { result: result!, products: kernels.filter(({ name }) => /MatMul/.test(name)).length };
}

engineTest("a step that remembers gives the bits of one that does not, with fewer products", async () => {
  const encoder = bert();
  const inputs = [texts(1, 11), texts(2, 11)];
  const loss = infoNCE({ temperature: 0.5 });
  for (
    const cut of [{ chunkSize: 4 }, { chunkSize: 3, keep: 2 }, { chunkTokens: 20 }, { chunkSize: 4, keep: [9, 0] }]
  ) {
    const options: StepOptions = { encoders: [encoder, encoder], loss, ...cut };
    const plain = await productsOf(() => cachedStep(options)(inputs, key(3)));
    const step = cachedStep({ ...options, remember: true });
    const remembered = await productsOf(() =>
      assertNewTensors(1 + Object.keys(step.params).length, () => step(inputs, key(3)))
    );
    assertEquals(remembered.result.loss.dataSync(), plain.result.loss.dataSync());
    for (const [name, gradient] of Object.entries(plain.result.gradients)) {
      assertEquals(remembered.result.gradients[name]!.dataSync(), gradient.dataSync(), name);
    }
    // One product for each layer of each chunk that is replayed.
    const replayed = plain.result.plan.reduce((sum, { replayed }) => sum + replayed, 0);
    assertEquals(plain.products - remembered.products, 2 * replayed, JSON.stringify(cut));
    free(plain.result, remembered.result);
  }
  tf.dispose([Object.values(encoder.params), inputs.map((batch) => ({ ...batch }))]);
});

/** Maps rows so that the outputs are dear, and does something else when it is told. */
function dearEncoder(): { encoder: Encoder<tf.Tensor2D>; state: { calls: number; layers: (call: number) => number } } {
  const kernel = tf.variable(randomMatrix(1, 4, 2));
  const bias = tf.variable(tf.zeros([2]));
  const state = { calls: 0, layers: (_call: number) => 1 };
  return {
    encoder: {
      params: { kernel, bias },
      encode: (x) => {
        const layers = state.layers(state.calls++);
        const maps = Array.from({ length: layers }, () => geluAffine(x, kernel as tf.Tensor, bias as tf.Tensor));
        return maps.reduce((sum, map) => tf.add(sum, map), tf.zeros([x.shape[0], 2])) as tf.Tensor2D;
      },
    },
    state,
  };
}

engineTest(
  "what is remembered is let go of when the step fails, and an impure encoder is told from its outputs",
  () => {
    tf.tidy(() => {
      const inputs = [randomMatrix(2, 6, 4)];
      const { encoder, state } = dearEncoder();
      const options = { encoders: [encoder], chunkSize: 2, remember: true };
      const failing = cachedStep({ ...options, loss: () => tf.scalar(NaN) });
      assertNewTensors(0, () => void assertThrows(() => failing(inputs, key(0)), RangeError, "the loss is NaN"));
      const step = cachedStep({ ...options, loss: coupling });
      // Calls 3 to 5 are the replays.
      for (
        const [at, layers, message] of [[3, 2, "1 outputs that are remembered at first, and 2"], [
          5,
          0,
          "and 0 when",
        ]] as const
      ) {
        Object.assign(state, { calls: 0, layers: (call: number) => call === at ? layers : 1 });
        assertNewTensors(0, () => void assertThrows(() => step(inputs, key(0)), Error, message));
      }
      tf.dispose(Object.values(encoder.params));
    });
  },
);

engineTest("a step on representations that it is given remembers nothing and gives the same gradients", () => {
  tf.tidy(() => {
    const { encoder } = dearEncoder();
    const inputs = [randomMatrix(2, 6, 4)];
    const step = cachedStep({ encoders: [encoder], loss: coupling, chunkSize: 2, remember: true });
    const represented = step.represent(inputs, key(0));
    const [given, whole] = [step(inputs, key(0), undefined, { represented }), step(inputs, key(0))];
    for (const [name, gradient] of Object.entries(whole.gradients)) {
      assertEquals(given.gradients[name]!.dataSync(), gradient.dataSync());
    }
    tf.dispose(Object.values(encoder.params));
  });
});

/** Most of its work is one map to few outputs. */
function heavyEncoder(): Encoder<tf.Tensor2D> {
  const shapes = { first: [16, 1500], second: [1500, 4] } as const;
  const params = Object.fromEntries(
    Object.entries(shapes).flatMap(([name, [inputs, outputs]], i) => [
      [`${name}/kernel`, tf.variable(tf.mul(randomMatrix(i, inputs, outputs), 1 / Math.sqrt(inputs)))],
      [`${name}/bias`, tf.variable(tf.zeros([outputs]))],
    ]),
  );
  const of = (name: string) => params[name] as tf.Tensor;
  return {
    params,
    encode: (x) =>
      tf.tidy(() =>
        geluAffine(affine(x, of("first/kernel"), of("first/bias")), of("second/kernel"), of("second/bias"))
      ),
  };
}

engineTest("plans remember where memory is short, within the budget and with the gradients of the whole batch", () => {
  tf.tidy(() => {
    const encoder = heavyEncoder();
    const options = { encoders: [encoder, encoder], loss: infoNCE({ temperature: 0.5 }) };
    const inputs = [randomMatrix(1, 192, 16), randomMatrix(2, 192, 16)];
    const full = measurePeakSync(() => fullStep(options)(inputs, key(0)));
    let remembering = 0;
    for (const share of [0.25, 0.4, 0.6]) {
      const memory = Math.floor(share * full.peakBytes);
      const step = cachedStep({ ...options, memory });
      for (let i = 0; i < 3; i++) {
        const { result, peakBytes } = measurePeakSync(() => step(inputs, key(0)));
        assertLessOrEqual(peakBytes, memory);
        for (const [name, gradient] of Object.entries(full.result.gradients)) {
          assertClose(result.gradients[name]!, gradient, 3e-6, name);
        }
        if (result.memory!.inputs.some(({ remember }) => remember)) {
          remembering++;
          assert(describePlan(result.memory!).includes("dear outputs of the others remembered"));
        }
        free(result);
      }
    }
    assertGreater(remembering, 0);
    tf.dispose(Object.values(encoder.params));
  });
});

engineTest("remembering takes a small part of what the tape of the whole batch does", () => {
  tf.tidy(() => {
    const encoder = bert(32, 0);
    const inputs = [texts(1, 128)];
    const options = { encoders: [encoder], loss: coupling, chunkSize: 4 };
    const peak = (step: ReturnType<typeof cachedStep>) => measurePeakSync(() => step(inputs, key(0))).peakBytes;
    const [lean, full] = [peak(cachedStep(options)), peak(fullStep(options))];
    const remembering = peak(cachedStep({ ...options, remember: true }));
    // Two layers of outputs as wide as the encoder.
    const outputs = 128 * LENGTH * 32 * 2 * 4;
    assertGreater(remembering - lean, 0.9 * outputs);
    assertLess(remembering - lean, 1.1 * outputs);
    assertLess(remembering - lean, 0.2 * (full - lean));
    tf.dispose(Object.values(encoder.params));
  });
});
