import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertGreater } from "@std/assert";
import { accumulate, cachedStep, fold, fullStep, key, type Loss } from "../../core/mod.ts";
import {
  assertClose,
  assertNewTensors,
  coupling,
  engineTest,
  free,
  randomMatrix,
  relativeDistance,
  tinyEncoder,
} from "../support/mod.ts";

engineTest("accumulate() is the weighted mean of each chunk's own step and not the whole batch's", () => {
  const options = { encoders: [tinyEncoder({ seed: 1, dropout: 0.3 }), tinyEncoder({ seed: 2 })], loss: coupling };
  const batches = [randomMatrix(3, 7, 4), randomMatrix(4, 7, 4)];
  const actual = assertNewTensors(5, () => accumulate({ ...options, chunkSize: 3 })(batches, key(1)));
  const whole = fullStep({ ...options, chunkSize: 7 })(batches, key(1));
  const naive = Object.fromEntries(
    Object.keys(actual.gradients).map((name) => [name, new Float32Array(actual.gradients[name]!.size)]),
  );
  for (const [first, count] of [[0, 3], [3, 3], [6, 1]] as const) {
    const { value, grads } = tf.variableGrads(
      () =>
        tf.tidy(() =>
          coupling(options.encoders.map((encoder, i) =>
            encoder.encode(tf.slice(batches[i]!, [first], [count]), {
              training: true,
              key: fold(key(1), "input", i),
              rows: Int32Array.from({ length: count }, (_, row) => first + row),
            })
          ))
        ),
      Object.values(cachedStep({ ...options, chunkSize: 1 }).params),
    );
    for (const [name, variable] of Object.entries(cachedStep({ ...options, chunkSize: 1 }).params)) {
      grads[variable.name]!.dataSync().forEach((entry, i) => naive[name]![i]! += entry * count / 7);
    }
    tf.dispose([value, grads]);
  }
  for (const [name, gradient] of Object.entries(actual.gradients)) assertClose(gradient, naive[name]!, 1e-6, name);
  assertGreater(
    relativeDistance(actual.gradients["encoder0/first"]!.dataSync(), whole.gradients["encoder0/first"]!.dataSync()),
    0.05,
  );
  free(actual, whole);
});

engineTest("accumulate() hands each chunk its own targets", () => {
  const seen: number[][] = [];
  const loss: Loss = ([z], { targets }) => {
    seen.push([...(targets as tf.Tensor).dataSync()]);
    return tf.tidy(() => tf.mean(z!));
  };
  const step = accumulate({ encoders: [tinyEncoder()], loss, chunkSize: 2 });
  free(step([randomMatrix(1, 3, 4)], key(0), tf.tensor1d([7, 8, 9])));
  assertEquals(seen, [[7, 8], [9]]);
});

engineTest(
  "accumulate() gives each chunk's loss random numbers of its own, and one chunk those of the whole batch",
  () => {
    const seen: string[] = [];
    const loss: Loss = ([z], context) => {
      seen.push(context.key.words.join());
      return tf.tidy(() => tf.mean(z!));
    };
    const options = { encoders: [tinyEncoder()], loss };
    const batches = [randomMatrix(1, 6, 4)];
    free(
      accumulate({ ...options, chunkSize: 2 })(batches, key(0)),
      fullStep({ ...options, chunkSize: 2 })(batches, key(0)),
    );
    assertEquals(new Set(seen.slice(0, 3)).size, 3);
    assertEquals(seen[3], seen[0]);
  },
);
