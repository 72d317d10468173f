import * as tf from "@tensorflow/tfjs";
import { cachedStep, fullStep, key, type Loss } from "../../core/mod.ts";
import { assertParity, free, randomMatrix, tinyEncoder } from "../support/mod.ts";

/** Asserts that steps in chunks of 1, 3 and the whole batch give what the full step gives, for encoders of their own. */
export function assertChunksAgree(loss: Loss, inputs: number, targets?: tf.Tensor1D): void {
  tf.tidy(() => {
    const examples = targets?.shape[0] ?? 7;
    const encoders = Array.from({ length: inputs }, (_, i) => tinyEncoder({ seed: i, name: `view${i}`, dropout: 0.2 }));
    const batches = encoders.map((_, i) => randomMatrix(10 + i, examples, 4));
    const step = (make: typeof cachedStep, chunkSize: number) =>
      make({ encoders, loss, chunkSize })(batches, key(5), targets);
    const expected = step(fullStep, examples);
    for (const chunkSize of [1, 3, examples]) {
      const actual = step(cachedStep, chunkSize);
      assertParity(actual, expected);
      free(actual);
    }
    tf.dispose(encoders.flatMap(({ params }) => Object.values(params)));
  });
}
