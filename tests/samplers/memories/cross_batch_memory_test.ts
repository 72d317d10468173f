import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { cachedStep, key, type LossContext, sameLabel, tiled } from "../../../core/mod.ts";
import { contrastive } from "../../../losses/contrastive.ts";
import { infoNCE } from "../../../losses/info_nce.ts";
import { crossBatchMemory, type CrossBatchMemoryState } from "../../../samplers/mod.ts";
import golden from "../../fixtures/golden.json" with { type: "json" };
import { assertClose, assertNewTensors, engineTest, free, randomMatrix, tinyEncoder } from "../../support/mod.ts";

const { X, Y, labels, cases } = golden;
const batches = [0, 1, 2].map((s) => X.map((row, i) => row.map((x, j) => x * Math.cos(s) + Y[i]![j]! * Math.sin(s))));

function labelled(values: readonly number[], training = true): LossContext {
  return { training, key: key(0), targets: tf.tensor1d([...values], "int32") };
}

function gradient(loss: ReturnType<typeof tiled>, rows: tf.Tensor2D, context: LossContext): number[] {
  return tf.tidy(() => [...tf.grad((x) => loss([x as tf.Tensor2D], context))(rows).dataSync()]);
}

const steps = cases["CrossBatchMemory(ContrastiveLoss(),memory_size=12) 3 steps, batch_s=X*cos(s)+Y*sin(s)"].steps;
for (const rows of [1, 3, Infinity]) {
  engineTest(
    `crossBatchMemory() as one detached loss agrees with reference values over three steps, tiles of ${rows}`,
    () => {
      const memory = crossBatchMemory({ size: 12, convention: "joint" });
      const loss = tiled(contrastive(), { memory, rows });
      for (const [s, expected] of steps.entries()) {
        const { value, grads } = tf.valueAndGrads((x) => loss([x as tf.Tensor2D], labelled(labels)))([
          tf.tensor2d(batches[s]!),
        ]);
        assertAlmostEquals(value.dataSync()[0]!, expected.loss, 1e-5 * expected.loss);
        assertAlmostEquals(Math.hypot(...grads[0]!.dataSync()), expected.gradFro, 1e-4 * expected.gradFro);
        assertEquals([memory.next, memory.full], [expected.queue_idx, expected.filled]);
      }
      memory.dispose();
    },
  );
}

engineTest("crossBatchMemory() adds the loss of the memory to that of the batch, weighted", () => {
  const [first, second] = batches.map((rows) => tf.tensor2d(rows));
  const make = (convention: "sum" | "joint" | "live", weight = 1) => {
    const memory = crossBatchMemory({ size: 24, convention, weight });
    const loss = tiled(contrastive(), { memory });
    gradient(loss, first!, labelled(labels));
    return gradient(loss, second!, labelled(labels));
  };
  const plain = gradient(contrastive(), second!, labelled(labels));
  const joint = make("joint");
  assertClose(make("sum", 0.3), plain.map((x, i) => x + 0.3 * joint[i]!), 1e-5);
});

engineTest("crossBatchMemory() keeps the batch's own gradient whole under the convention live", () => {
  const rows = tf.tensor2d(batches[0]!);
  const live = tiled(contrastive(), { memory: crossBatchMemory({ size: 8, convention: "live" }) });
  const joint = tiled(contrastive(), { memory: crossBatchMemory({ size: 8, convention: "joint" }) });
  const plain = gradient(contrastive(), rows, labelled(labels));
  assertClose(gradient(live, rows, labelled(labels)), plain, 1e-6);
  assertClose(gradient(joint, rows, labelled(labels)), plain.map((x) => x / 2), 1e-5);
});

engineTest("crossBatchMemory() lets entries of the same example be neither positive nor negative", () => {
  const memory = crossBatchMemory({ size: 8, convention: "live" });
  const loss = tiled(infoNCE({ temperature: 1, similarity: "dot" }), { memory });
  const rows = tf.tensor2d([[1, 0], [0, 1]]);
  const evaluate = (ids: number[]) => {
    const context = { ...labelled([]), targets: { ids: tf.tensor1d(ids, "int32") } };
    return tf.tidy(() => loss([rows, rows], context).dataSync()[0]!);
  };
  evaluate([5, 6]);
  // Row 0 meets entries [1, 0] and [0, 1]; its own, of id 5, plays no part.
  assertAlmostEquals(evaluate([5, 6]), Math.log(Math.E + 2) - 1, 1e-6);
  assertAlmostEquals(evaluate([8, 9]), Math.log(3 * Math.E + 3) - 1, 1e-6);
});

engineTest("crossBatchMemory() takes entries of an aligned loss for negatives, whatever their rows", () => {
  const memory = crossBatchMemory({ size: 4, convention: "live" });
  const loss = tiled(infoNCE({ temperature: 1, similarity: "dot" }), { memory });
  const rows = tf.tensor2d([[1, 0], [0, 1]]);
  const first = tf.tidy(() => loss([rows, rows], labelled([1, 1])).dataSync()[0]!);
  assertAlmostEquals(first, Math.log(Math.E + 1) - 1, 1e-6);
  const second = tf.tidy(() => loss([rows, rows], labelled([1, 1])).dataSync()[0]!);
  assertAlmostEquals(second, Math.log(2 * Math.E + 2) - 1, 1e-6);
});

engineTest("crossBatchMemory() is written once a step, whatever the chunks, and not outside of training", () => {
  const memory = crossBatchMemory({ size: 20 });
  const loss = tiled(contrastive(), { memory, rows: 2 });
  const inputs = randomMatrix(1, 6, 4);
  const targets = tf.tensor1d([0, 0, 1, 1, 2, 2], "int32");
  for (const [i, chunkSize] of [1, 4, 6].entries()) {
    free(cachedStep({ encoders: [tinyEncoder()], loss, chunkSize })([inputs], key(0), targets));
    assertEquals(memory.length, 6 * (i + 1));
  }
  const rows = randomMatrix(2, 6, 3);
  const context = { training: false, key: key(0), targets };
  assertEquals(loss([rows], context).dataSync(), tiled(contrastive(), { rows: 2 })([rows], context).dataSync());
  assertEquals(memory.length, 18);
});

engineTest("crossBatchMemory() is not written where the loss is not finite", () => {
  const memory = crossBatchMemory({ size: 20 });
  const loss = tiled(contrastive(), { memory });
  const rows = tf.tensor2d(batches[0]!.map((row, i) => row.map((x) => i === 3 ? NaN : x)));
  assert(Number.isNaN(loss([rows], labelled(labels)).dataSync()[0]));
  assertEquals([memory.length, memory.next], [0, 0]);
});

engineTest("crossBatchMemory() waits for its warm-up", () => {
  const memory = crossBatchMemory({ size: 20, warmUp: 2 });
  const loss = tiled(contrastive(), { memory });
  const rows = tf.tensor2d(batches[0]!);
  for (const length of [0, 0, 8, 16]) {
    loss([rows], labelled(labels));
    assertEquals(memory.length, length);
  }
});

engineTest("crossBatchMemory() goes on from a saved state as if nothing had happened", async () => {
  const make = () => crossBatchMemory({ size: 12, warmUp: 1, convention: "joint" });
  const run = (memory: ReturnType<typeof make>, steps: readonly number[]) => {
    const loss = tiled(contrastive(), { memory });
    return steps.map((s) => tf.tidy(() => loss([tf.tensor2d(batches[s]!)], labelled(labels)).dataSync()[0]!));
  };
  const straight = make();
  const expected = run(straight, [0, 1, 2, 0, 1]);
  const before = make();
  run(before, [0, 1, 2]);
  const state = await before.save();
  const after = make();
  after.restore(structuredClone(state));
  assertEquals(run(after, [0, 1]), expected.slice(3));
  assertEquals([after.next, after.full], [straight.next, straight.full]);
  assertEquals(await before.save(), state);
});

engineTest("crossBatchMemory() saves one moment, also when it is written meanwhile", async () => {
  const memory = crossBatchMemory({ size: 12 });
  const loss = tiled(contrastive(), { memory });
  loss([tf.tensor2d(batches[0]!)], labelled(labels));
  const saving = memory.save();
  loss([tf.tensor2d(batches[1]!)], labelled(labels));
  const { labels: stored, next, full, evaluations } = await saving;
  assertEquals([stored.length, next, full, evaluations], [8, 8, false, 1]);
});

engineTest("crossBatchMemory() leaves one tensor for each thing it stores", () => {
  const memory = crossBatchMemory({ size: 12 });
  const loss = tiled(contrastive(), { memory });
  const [rows, context] = [tf.tensor2d(batches[0]!), labelled(labels)];
  assertNewTensors(3, () => loss([rows], context).dispose());
  assertNewTensors(0, () => loss([rows], context).dispose());
  assertNewTensors(-3, () => memory.dispose());
});

engineTest("crossBatchMemory() names what is wrong, and is not changed by it", async () => {
  assertThrows(() => crossBatchMemory({ size: 0 }), RangeError, "size is 0");
  assertThrows(() => crossBatchMemory({ size: 2, warmUp: 0.5 }), RangeError, "warmUp is 0.5");
  assertThrows(() => crossBatchMemory({ size: 2, weight: NaN }), RangeError, "weight is NaN");
  assertThrows(() => crossBatchMemory({ size: 2, convention: "both" as never }), RangeError, "convention is both");

  const memory = crossBatchMemory({ size: 10 });
  const loss = tiled(contrastive(), { memory });
  loss([tf.tensor2d(batches[0]!)], labelled(labels));
  const state = await memory.save();
  assertThrows(
    () => loss([randomMatrix(1, 11, 4)], labelled(Array(11).fill(0))),
    RangeError,
    "11 references, but its size is 10",
  );
  assertThrows(() => loss([randomMatrix(1, 8, 3)], labelled(labels)), RangeError, "3 wide, expected 4");
  assertThrows(() => loss([tf.tensor2d(batches[0]!)], labelled([1, 2])), RangeError, "2 labels for 8 examples");
  const faults: [Partial<CrossBatchMemoryState>, string][] = [
    [{ size: 9 }, "its size is 9, expected 10"],
    [{ full: true }, "full is true"],
    [{ next: 3 }, "next is 3"],
    [{ ids: new Int32Array(3) }, "3 ids"],
    [{ evaluations: -1 }, "evaluations is -1"],
  ];
  for (const [change, message] of faults) {
    assertThrows(() => memory.restore({ ...state, ...change }), RangeError, message);
  }
  assertEquals(await memory.save(), state);
  memory.reset();
  assert(!memory.full && memory.length === 0 && memory.next === 0);
});

engineTest("crossBatchMemory() is refused by a loss that compares more than anchors with references", () => {
  const memory = crossBatchMemory({ size: 10, convention: "live" });
  const rows = randomMatrix(1, 4, 3);
  const pairing: ReturnType<typeof sameLabel> = (matrices, context) => ({
    ...sameLabel()(matrices, context),
    further: [{ anchors: rows, references: rows }],
  });
  const loss = tiled(contrastive(), { memory, pairing });
  assertThrows(() => loss([rows], labelled([0, 0, 1, 1])), TypeError, "compares more than");
  assertEquals(memory.length, 0);
});
