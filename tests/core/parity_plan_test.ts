import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertGreater, assertLess, assertLessOrEqual, assertRejects } from "@std/assert";
import { type Encoder, fold, fullStep, key, measurePeakSync, parity, type ParityOptions } from "../../core/mod.ts";
import { embeddingBag } from "../../encoders/mod.ts";
import { infoNCE } from "../../losses/info_nce.ts";
import { engineTest, free, randomMatrix, tinyEncoder } from "../support/mod.ts";

const EXAMPLES = 40;

/** Two encoders that take much more on the tape than their representations do. */
function towers(): Pick<ParityOptions, "encoders" | "inputs" | "loss" | "key" | "repeats"> {
  const tower = (seed: number) => tinyEncoder({ seed, hidden: 300, inputs: 3, dim: 2, dropout: 0.3 });
  return {
    encoders: [tower(1), tower(2)],
    inputs: [randomMatrix(3, EXAMPLES, 3), randomMatrix(4, EXAMPLES, 3)],
    loss: infoNCE({ temperature: 0.5 }),
    key: key(1),
    repeats: 1,
  };
}

/** What the whole batch takes. */
function fullBytes({ inputs, key, ...options }: ReturnType<typeof towers>): number {
  const { result, peakBytes } = measurePeakSync(() => fullStep(options)(inputs, key));
  free(result);
  return peakBytes;
}

engineTest(
  "parity() compares a planned step once its plan has settled, and replays the chunks of the plan",
  async () => {
    const options = towers();
    const memory = Math.floor(fullBytes(options) / 3);
    const before = tf.memory().numTensors;
    const report = await parity({ ...options, memory });
    assertEquals(tf.memory().numTensors, before);

    assert(report.passed);
    assertEquals(report.points.length, 1);
    const { memory: plan, peakBytes, replayed, bitEqual, relativeL2, ...point } = report.points[0]!;
    assertEquals([point.chunkSize, point.chunkTokens, point.keep], [undefined, undefined, undefined]);
    assertEquals([plan!.budgetBytes, plan!.corrected], [memory, false]);
    assertLess(relativeL2, 1e-6);
    for (const bytes of [peakBytes, plan!.peakBytes]) assertLessOrEqual(bytes, memory);
    // The first step would have kept nothing.
    assert(plan!.inputs.some(({ kept, remember }) => kept > 0 || remember));
    assertGreater(replayed, 0);
    assertEquals(replayed, plan!.inputs.reduce((sum, { chunks, kept }) => sum + chunks - kept, 0));
    assert(bitEqual);
    assertEquals(JSON.parse(JSON.stringify(report)), report);
  },
);

engineTest("parity() compares a planned step behind the chunk sizes that are asked for", async () => {
  const options = towers();
  const memory = fullBytes(options);
  const { points, full } = await parity({ ...options, memory, chunkSizes: [16], keeps: [0, 1] });
  assertEquals(
    points.map(({ chunkSize, keep, memory }) => [chunkSize, keep, memory !== undefined]),
    [[16, 0, false], [16, 1, false], [undefined, undefined, true]],
  );
  // There is room for the whole batch, which is then the plan.
  const { memory: plan, replayed, groups, lossDifference } = points.at(-1)!;
  assertEquals(plan!.inputs.map(({ chunkSize, kept }) => [chunkSize, kept]), [[EXAMPLES, 1], [EXAMPLES, 1]]);
  assertEquals([replayed, lossDifference, full.peakBytes], [0, 0, memory]);
  assert(groups.every(({ relativeL2 }) => relativeL2 === 0));
});

engineTest("parity() fails for a planned step whose replay draws other random numbers", async () => {
  const { encoders: [inner, other], ...options } = towers();
  let calls = 0;
  const forgetful: Encoder<tf.Tensor2D> = {
    params: inner!.params,
    encode: (batch, context) => inner!.encode(batch, { ...context, key: fold(context.key, calls++) }),
  };
  const encoders = [forgetful, other!];
  const report = await parity({ ...options, encoders, memory: Math.floor(fullBytes({ ...options, encoders }) / 4) });
  assert(!report.passed && !report.points[0]!.bitEqual);
});

engineTest("parity() compares chunks by tokens, given or planned", async () => {
  const lengths = [1, 9, 2, 0, 5, 3, 9, 1, 12, 2, 2, 7];
  const ids = tf.tidy(() => tf.cast(tf.floor(tf.mul(tf.abs(randomMatrix(1, 12, 12)), 10)), "int32")) as tf.Tensor2D;
  const mask = tf.tensor2d(lengths.map((length) => Array.from({ length: 12 }, (_, i) => i < length ? 1 : 0)));
  const bag = embeddingBag({ vocabulary: 60, dim: 8, hidden: 64, dropout: 0.2, key: key(1) });
  const options = {
    encoders: [bag, bag],
    inputs: [{ ids, mask }, { ids, mask }],
    loss: infoNCE(),
    key: key(2),
    repeats: 1,
    keeps: [0, 1],
  };
  const error = await assertRejects(() => parity({ ...options, memory: 1 }), RangeError);
  const least = Number(/at least (\d+) B/.exec(error.message)![1]);
  const { points, passed } = await parity({ ...options, chunkTokens: 12, memory: 1.1 * least });
  assert(passed);
  assertEquals(points.map(({ chunkTokens, keep }) => [chunkTokens, keep]), [[12, 0], [12, 1], [undefined, undefined]]);
  const [given, kept, planned] = points;
  assertEquals([given!.replayed - kept!.replayed, given!.bitEqual, kept!.bitEqual], [2, true, true]);
  assert(given!.replayed > 4);
  const { inputs } = planned!.memory!;
  assert(inputs.every(({ chunkTokens }) => chunkTokens! > 0));
  assertEquals(planned!.replayed, inputs.reduce((sum, { chunks, kept }) => sum + chunks - kept, 0));
  assertGreater(planned!.replayed, 0);
});

engineTest("parity() refuses a budget that no plan fits, or that is none", async () => {
  const options = towers();
  const before = tf.memory().numTensors;
  await assertRejects(() => parity({ ...options, memory: 1000 }), RangeError, "memory is 1000 B, expected at least");
  await assertRejects(() => parity({ ...options, memory: "much" }), RangeError, 'memory is "much"');
  assertEquals(tf.memory().numTensors, before);
});
