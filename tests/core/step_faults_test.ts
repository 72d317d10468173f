import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  accumulate,
  type Batch,
  cachedStep,
  type Encoder,
  fullStep,
  key,
  type Loss,
  readyChunks,
} from "../../core/mod.ts";
import { assertNewTensors, coupling, engineTest, randomMatrix, tinyEncoder } from "../support/mod.ts";

const steps = { cachedStep, fullStep, accumulate };
const mean: Loss = ([z]) => tf.tidy(() => tf.mean(z!));

/** Asserts that a call throws, leaves no tensors behind and changes no parameter. */
function assertFault(
  encoders: readonly Encoder<tf.Tensor2D>[],
  errorClass: typeof TypeError | typeof RangeError,
  message: string,
  run: () => unknown,
): void {
  const values = () => encoders.flatMap(({ params }) => Object.values(params).map((variable) => variable.dataSync()));
  const before = structuredClone(values());
  const error = assertNewTensors(0, () => assertThrows(run, Error, message));
  assertEquals(error instanceof errorClass, true, `${error.name}: ${error.message}`);
  assertEquals(values(), before);
}

engineTest("cachedStep() refuses chunk sizes and kept chunks that are out of range", () => {
  const encoders = [tinyEncoder()];
  for (const chunkSize of [0, -1, NaN, 1.5, "8" as unknown as number, null as unknown as number]) {
    for (const [name, make] of Object.entries(steps)) {
      if (name === "fullStep") continue;
      assertFault(encoders, RangeError, `chunkSize is ${chunkSize}`, () => make({ encoders, loss: mean, chunkSize }));
    }
  }
  assertFault(
    encoders,
    RangeError,
    "chunkSize has 2 entries",
    () => cachedStep({ encoders, loss: mean, chunkSize: [1, 2] }),
  );
  assertFault(encoders, RangeError, "keep is -1", () => cachedStep({ encoders, loss: mean, chunkSize: 1, keep: -1 }));
  assertFault(encoders, RangeError, "keep is NaN", () => cachedStep({ encoders, loss: mean, chunkSize: 1, keep: NaN }));
});

engineTest("cachedStep() refuses what is no encoder or loss, and names that stand twice", () => {
  const loss = mean;
  assertThrows(() => cachedStep({ encoders: [], loss, chunkSize: 1 }), TypeError, "encoders is empty");
  assertThrows(
    () => cachedStep({ encoders: [{} as Encoder], loss, chunkSize: 1 }),
    TypeError,
    "encoders[0] has no encode",
  );
  const encoders = [tinyEncoder({ name: "tower" }), tinyEncoder({ name: "tower" })];
  assertThrows(() => cachedStep({ encoders, loss, chunkSize: 1 }), TypeError, "encoders[1] is named tower");
  const notLoss = 3 as unknown as Loss;
  assertThrows(
    () => cachedStep({ encoders: [tinyEncoder()], loss: notLoss, chunkSize: 1 }),
    TypeError,
    "loss is number",
  );
});

engineTest("cachedStep() refuses inputs that do not fit", () => {
  const encoders = [tinyEncoder({ name: "query" }), tinyEncoder({ name: "passage" })];
  const [four, five] = [randomMatrix(1, 4, 4), randomMatrix(2, 5, 4)];
  const empty = tf.zeros([0, 4]);
  const uneven = { x: four, y: five };
  for (const make of Object.values(steps)) {
    const step = make({ encoders, loss: coupling, chunkSize: 2 });
    const fault = (
      kind: typeof TypeError | typeof RangeError,
      message: string,
      inputs: readonly Batch[],
      targets?: Batch,
    ) => assertFault(encoders, kind, message, () => step(inputs, key(0), targets));
    fault(TypeError, "got 1 inputs, expected a list of 2", [four]);
    fault(RangeError, "input 1 (passage) has 5 examples and input 0 (query) has 4", [four, five]);
    fault(RangeError, "input 1 (passage): it is empty", [four, empty]);
    fault(RangeError, "input 0 (query).y has 5, but input 0 (query).x has 4", [uneven, four]);
    fault(TypeError, "input 0 (query) is a number", [3 as unknown as Batch, four]);
    fault(TypeError, "input 0 (query) has no axes", [four.sum(), four]);
    fault(RangeError, "targets have 5 examples, expected 4", [four, four], five);
  }
});

engineTest("cachedStep() refuses ready chunks that cannot be read twice, differ or are none", () => {
  const encoders = [tinyEncoder()];
  const batch = randomMatrix(1, 4, 4);
  const step = cachedStep({ encoders, loss: mean, chunkSize: 2 });
  function* once() {
    yield batch;
    yield batch;
  }
  assertFault(
    encoders,
    RangeError,
    "expected an iterable that gives the same chunks",
    () => step([readyChunks(once())], key(0)),
  );
  assertFault(encoders, RangeError, "it has no chunks", () => step([readyChunks([])], key(0)));
  let pass = 0;
  const three = randomMatrix(2, 3, 4);
  const changing = { [Symbol.iterator]: () => [batch, pass++ === 0 ? batch : three][Symbol.iterator]() };
  assertThrows(() => step([readyChunks(changing)], key(0)), RangeError, "differs at chunk 2");
  assertThrows(() => readyChunks(5 as unknown as Batch[]), TypeError, "got number");
});

engineTest("cachedStep() refuses a loss that is no finite scalar or leaves an input unused", () => {
  const encoders = [tinyEncoder({ name: "query" }), tinyEncoder({ name: "passage" })];
  const inputs = [randomMatrix(1, 4, 4), randomMatrix(2, 4, 4)];
  const losses: [typeof TypeError | typeof RangeError, string, Loss][] = [
    [TypeError, ",3], expected a scalar", ([z]) => tf.clone(z!) as unknown as tf.Scalar],
    [TypeError, "the loss returned number", () => 3 as unknown as tf.Scalar],
    [RangeError, "the loss is NaN", ([a, b]) => tf.tidy(() => tf.mul(tf.mean(tf.add(a!, b!)), NaN))],
    [RangeError, "the loss is Infinity", ([a, b]) => tf.tidy(() => tf.div(tf.sum(tf.square(tf.add(a!, b!))), 0))],
    [TypeError, "does not use the representations of input 1 (passage)", mean],
  ];
  for (const [kind, message, loss] of losses) {
    for (const keep of [0, 1]) {
      const step = cachedStep({ encoders, loss, chunkSize: 3, keep });
      assertFault(encoders, kind, message, () => step(inputs, key(0)));
    }
    if (message.includes("does not use")) continue;
    assertFault(encoders, kind, message, () => accumulate({ encoders, loss, chunkSize: 3 })(inputs, key(0)));
  }
});

engineTest("cachedStep() names the example whose representation is not finite", () => {
  const inner = tinyEncoder();
  const encoder: Encoder<tf.Tensor2D> = {
    ...inner,
    encode: (batch, context) =>
      tf.tidy(() => {
        const spoilt = tf.tensor2d(Array.from(context.rows, (row) => [row === 5 ? NaN : 0]));
        return tf.add(inner.encode(batch, context), spoilt) as tf.Tensor2D;
      }),
  };
  const batch = randomMatrix(1, 7, 4);
  for (const keep of [0, 2, 4]) {
    const step = cachedStep({ encoders: [encoder], loss: mean, chunkSize: 2, keep });
    assertFault([encoder], RangeError, "returned NaN for example 5 of input 0 (encoder0)", () => step([batch], key(0)));
  }
});

engineTest("cachedStep() refuses representations of wrong shape or of different width", () => {
  const batch = randomMatrix(1, 4, 4);
  const make = (encode: Encoder<tf.Tensor2D>["encode"]) => {
    const encoder = { params: tinyEncoder().params, encode };
    return { encoders: [encoder], step: cachedStep({ encoders: [encoder], loss: mean, chunkSize: 2 }) };
  };
  const cases: [string, Encoder<tf.Tensor2D>["encode"]][] = [
    ["returned shape [4] for 2 examples, expected [2, dim]", () => tf.ones([4]) as unknown as tf.Tensor2D],
    ["returned shape [1,3] for 2 examples", () => tf.ones([1, 3])],
    ["chunks came out 1 and 3 wide", (_, { rows }) => tf.ones([rows.length, rows[0] === 0 ? 1 : 3])],
  ];
  for (const [message, encode] of cases) {
    const { encoders, step } = make(encode);
    assertFault(encoders, RangeError, message, () => step([batch], key(0)));
  }
  const { encoders, step } = make(() => 3 as unknown as tf.Tensor2D);
  assertFault(encoders, TypeError, "the encoder returned number", () => step([batch], key(0)));
});

engineTest("cachedStep() refuses an encoder that mixes examples unless a policy lets it through", () => {
  const inner = tinyEncoder();
  const seen: unknown[] = [];
  const mixing: Encoder<tf.Tensor2D> = {
    ...inner,
    crossExample: true,
    encode: (batch, context) => {
      seen.push(context.crossExample);
      return inner.encode(batch, context);
    },
  };
  const options = { encoders: [mixing], loss: mean, chunkSize: 2 };
  const error = assertThrows(() => cachedStep(options), TypeError, "mixes the examples of a batch");
  assertStringIncludes(error.message, `set crossExample to "frozen" or "perChunk"`);
  const { loss, gradients } = cachedStep({ ...options, crossExample: "frozen" })([randomMatrix(1, 2, 4)], key(0));
  tf.dispose([loss, gradients]);
  assertEquals(seen, ["frozen", "frozen"]);
});

engineTest("cachedStep() refuses two parameters of the same name", () => {
  const { params, encode } = tinyEncoder();
  const first = { name: "a", params: { "b/c": params.first! }, encode };
  const second = { name: "a/b", params: { c: params.second! }, encode };
  assertThrows(
    () => cachedStep({ encoders: [first, second], loss: mean, chunkSize: 1 }),
    TypeError,
    "two parameters are named a/b/c",
  );
});

engineTest(
  "cachedStep() and accumulate() refuse targets that do not fit ready chunks, and accumulate() unpaired inputs",
  () => {
    const encoders = [tinyEncoder()];
    const chunks = readyChunks([randomMatrix(1, 4, 4), randomMatrix(2, 4, 4)]);
    for (const make of [cachedStep, accumulate]) {
      const step = make({ encoders, loss: mean, chunkSize: 2 });
      for (const count of [5, 15]) {
        const targets = tf.ones([count]);
        assertFault(
          encoders,
          RangeError,
          `targets have ${count} examples, expected 8`,
          () => step([chunks], key(0), targets),
        );
      }
    }
    const unpaired = { encoders, loss: mean, chunkSize: 2, paired: false };
    assertFault(encoders, TypeError, "paired is false", () => accumulate(unpaired));
  },
);

engineTest("cachedStep() refuses an input that was disposed", () => {
  const encoders = [tinyEncoder({ name: "query" })];
  const gone = randomMatrix(1, 4, 4);
  gone.dispose();
  for (const make of Object.values(steps)) {
    const step = make({ encoders, loss: mean, chunkSize: 2 });
    assertFault(encoders, TypeError, "input 0 (query) was disposed", () => step([gone], key(0)));
  }
});
