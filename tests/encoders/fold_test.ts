import * as tf from "@tensorflow/tfjs";
import { assertEquals } from "@std/assert";
import { type Batch, cachedStep, type Encoder, fold, fullStep, key, type StepResult, uniform } from "../../core/mod.ts";
import { convolutional, embeddingBag, freeze, mlp, residual, transformer } from "../../encoders/mod.ts";
import { infoNCE, learnableTemperature, symmetric } from "../../losses/mod.ts";
import { assertClose, assertNewTensors, engineTest, randomMatrix } from "../support/mod.ts";

const EXAMPLES = 11;

function texts(seed: number, vocabulary: number, length: number): Batch {
  const draws = uniform(key(seed), [0], EXAMPLES * length);
  const lengths = uniform(key(seed + 1), [0], EXAMPLES);
  return {
    ids: tf.tensor2d(Int32Array.from(draws, (draw) => Math.floor(draw * vocabulary)), [EXAMPLES, length], "int32"),
    mask: tf.tensor2d(
      Float32Array.from(draws, (_, i) => i % length < 1 + lengths[Math.floor(i / length)]! * length ? 1 : 0),
      [EXAMPLES, length],
    ),
  };
}

/** Encoders of one to three inputs, with their batches. */
// deno-lint-ignore no-explicit-any -- encoders of different batches
const cases: Record<string, () => { encoders: Encoder<any>[]; inputs: Batch[] }> = {
  "transformer, one for both inputs": () => {
    const encoder = transformer({
      vocabulary: 30,
      maxLength: 6,
      width: 16,
      heads: 2,
      layers: 2,
      mlp: 32,
      dropout: 0.2,
      key: key(1),
    });
    return { encoders: [encoder, encoder], inputs: [texts(1, 30, 6), texts(3, 30, 6)] };
  },
  "embeddingBag, two over one table": () => {
    const query = embeddingBag({ vocabulary: 30, dim: 12, hidden: 16, dropout: 0.2, name: "query", key: key(1) });
    const table = query.params.table!;
    const passage = embeddingBag({ vocabulary: 30, dim: 12, hidden: 16, dropout: 0.2, table, key: key(2) });
    return { encoders: [query, passage], inputs: [texts(1, 30, 4), texts(3, 30, 7)] };
  },
  "convolutional and mlp, with a third input of hard negatives": () => {
    const image = convolutional({
      height: 8,
      width: 8,
      channels: 1,
      filters: [4, 8],
      groups: 2,
      dim: 12,
      dropout: 0.2,
      key: key(1),
    });
    const vector = mlp({ inputs: 9, hidden: [16], outputs: 12, dropout: 0.2, key: key(2) });
    const images = tf.reshape(randomMatrix(1, EXAMPLES, 64), [EXAMPLES, 8, 8, 1]);
    return {
      encoders: [image, vector, vector],
      inputs: [images, randomMatrix(2, EXAMPLES, 9), randomMatrix(3, EXAMPLES, 9)],
    };
  },
  "residual and mlp": () => {
    const sizes = { height: 8, width: 8, channels: 2, filters: [4, 8], groups: 2, dim: 12 };
    const image = residual({ ...sizes, dropout: 0.2, key: key(1) });
    const images = tf.reshape(randomMatrix(1, EXAMPLES, 128), [EXAMPLES, 8, 8, 2]);
    const vector = mlp({ inputs: 9, hidden: [16], outputs: 12, dropout: 0.2, key: key(2) });
    return { encoders: [image, vector], inputs: [images, randomMatrix(2, EXAMPLES, 9)] };
  },
  "mlp against a frozen one": () => {
    const [live, teacher] = [1, 2].map((seed) => mlp({ inputs: 9, hidden: [16], outputs: 12, key: key(seed) }));
    return {
      encoders: [live!, freeze(teacher!)],
      inputs: [randomMatrix(2, EXAMPLES, 9), randomMatrix(3, EXAMPLES, 9)],
    };
  },
};

for (const [name, make] of Object.entries(cases)) {
  engineTest(`cachedStep() with real encoders agrees with fullStep(): ${name}`, () => {
    const { encoders, inputs } = make();
    const temperature = learnableTemperature({ initial: 0.2 });
    const loss = symmetric(infoNCE({ temperature }));
    const at = fold(key(5), "step", 0);
    const full = fullStep({ encoders, loss, chunkSize: 1 })(inputs, at);
    for (const [chunkSize, keep] of [[1, 0], [4, 0], [4, 2], [11, 0], [64, 0]] as const) {
      const step = cachedStep({ encoders, loss, chunkSize, keep });
      const count = 1 + Object.keys(step.params).length;
      const cached: StepResult = assertNewTensors(count, () => step(inputs, at));
      assertClose(cached.loss, full.loss, 1e-6, "loss");
      assertEquals(Object.keys(cached.gradients), Object.keys(full.gradients));
      // Vectors that are zero but for rounding, such as the gradient of a bias before a norm, count against the whole.
      const all = (result: StepResult) =>
        Object.values(result.gradients).flatMap((gradient) => [...gradient.dataSync()]);
      assertClose(all(cached), all(full), 1e-6, `gradients in chunks of ${chunkSize}, ${keep} kept`);
      tf.dispose([cached.loss, cached.gradients]);
    }
    tf.dispose([full.loss, full.gradients]);
    temperature.dispose();
  });
}
