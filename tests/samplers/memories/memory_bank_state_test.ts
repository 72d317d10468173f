import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertThrows } from "@std/assert";
import { aligned, type Batch, key, type LossContext, type Pairing, type Tensor2D, tiled } from "../../../core/mod.ts";
import { contrastive } from "../../../losses/contrastive.ts";
import { memoryBank, type MemoryBankOptions, type MemoryBankState } from "../../../samplers/mod.ts";
import { assertNewTensors, engineTest, randomMatrix } from "../../support/mod.ts";

const int = (values: readonly number[]) => tf.tensor1d([...values], "int32");

/** Evaluates the contrastive loss of a batch with a memory, and leaves nothing. */
function evaluate(
  memory: ReturnType<typeof memoryBank>,
  { seed, rows = 3, dim = 3, targets, pairing }: {
    seed: number;
    rows?: number;
    dim?: number;
    targets: () => Batch | undefined;
    pairing?: Pairing;
  },
): number {
  return tf.tidy(() => {
    const given = targets();
    const context: LossContext = { training: true, key: key(0), ...(given ? { targets: given } : {}) };
    const matrix = randomMatrix(seed, rows, dim);
    const loss = tiled(contrastive(), { memory, rows: 2, ...(pairing ? { pairing } : {}) });
    return loss(pairing ? [matrix, matrix] : [matrix], context).dataSync()[0]!;
  });
}

const batches = [[0, 1, 2], [3, 0, 1], [5, 2, 4], [0, 3, 5]];
const targetsOf = (ids: readonly number[]) => () => ({ ids: int(ids), labels: int(ids.map((id) => id % 2)) });
const step = (memory: ReturnType<typeof memoryBank>, s: number) =>
  evaluate(memory, { seed: s, targets: targetsOf(batches[s]!) });

engineTest("memoryBank() goes on from a saved state exactly, and a state is a copy", async () => {
  const make = () => memoryBank({ examples: 7, dim: 3, momentum: 0.8 });
  const straight = make();
  const expected = batches.map((_, s) => step(straight, s));
  const before = make();
  step(before, 0);
  step(before, 1);
  const state = await before.save();
  const frozen = structuredClone(state);
  const after = make();
  step(after, 3);
  after.restore(state);
  assertEquals(after.length, 4);
  assertEquals([step(after, 2), step(after, 3)], expected.slice(2));
  assertEquals(await after.save(), await straight.save());
  // Neither bank writes to the state, and changing it changes no bank.
  assertEquals(state, frozen);
  assertEquals(await before.save(), frozen);
  state.representations.fill(7);
  state.seen.fill(0);
  assertEquals(await before.save(), frozen);
  const last = await straight.save();
  state.labels.fill(3);
  assertEquals(await after.save(), last);
});

engineTest("memoryBank() forgets everything when it is reset", async () => {
  const memory = memoryBank({ examples: 7, dim: 3 });
  const empty = await memory.save();
  const first = step(memory, 0);
  memory.reset();
  assertEquals([memory.length, await memory.save()], [0, empty]);
  assertEquals(step(memory, 0), first);
});

engineTest("memoryBank() leaves no tensors, whatever it holds", () => {
  const memory = memoryBank({ examples: 7, dim: 3 });
  batches.forEach((_, s) => assertNewTensors(0, () => step(memory, s)));
  const rows = randomMatrix(1, 3, 3);
  const loss = tiled(contrastive(), { memory, rows: 1 });
  const context = { training: true, key: key(0), targets: targetsOf(batches[0]!)() };
  assertNewTensors(1, () => tf.grad((x) => loss([x as Tensor2D], context))(rows)).dispose();
  tf.dispose([rows, context.targets]);
});

engineTest("memoryBank() names the option that is wrong", () => {
  const faults: [Partial<MemoryBankOptions>, string][] = [
    [{ examples: 0 }, "Cannot make a memory bank: examples is 0, expected an integer of at least 1"],
    [{ examples: 2.5 }, "examples is 2.5"],
    [{ dim: -1 }, "dim is -1"],
    [{ dim: NaN }, "dim is NaN"],
    [{ momentum: 1 }, "momentum is 1, expected at least 0 and less than 1"],
    [{ momentum: -0.1 }, "momentum is -0.1"],
    [{ momentum: NaN }, "momentum is NaN"],
    [{ weight: Infinity }, "weight is Infinity, expected a finite number"],
    [{ convention: "mixed" as never }, "convention is mixed, expected one of sum, joint, live"],
  ];
  for (const [change, message] of faults) {
    assertThrows(() => memoryBank({ examples: 4, dim: 2, ...change }), RangeError, message);
  }
});

engineTest("memoryBank() names what is wrong with a batch or a state, and is not changed by it", async () => {
  const memory = memoryBank({ examples: 7, dim: 3 });
  step(memory, 0);
  step(memory, 1);
  const state = await memory.save();
  const labels = () => int([0, 1, 0]);
  const faults: [Partial<Parameters<typeof evaluate>[1]>, typeof RangeError | typeof TypeError, string][] = [
    [{ targets: labels }, TypeError, "Cannot use the memory bank: the step was given no ids"],
    [{ targets: () => undefined, pairing: aligned() }, TypeError, "the step was given no ids"],
    [{ targets: () => ({ ids: int([0, 7, 1]), labels: labels() }) }, RangeError, "ids[1] is 7, expected one of 0 to 6"],
    [{ targets: () => ({ ids: int([0, 1, -2]), labels: labels() }) }, RangeError, "ids[2] is -2"],
    [{ targets: () => ({ ids: int([0, 1]), labels: labels() }) }, RangeError, "there are 2 ids for 3 examples"],
    [{ dim: 4 }, RangeError, "rows are 4 wide, expected 3"],
  ];
  for (const [change, kind, message] of faults) {
    const run = () => evaluate(memory, { seed: 1, targets: targetsOf([0, 1, 2]), ...change });
    assertNewTensors(0, () => assertThrows(run, kind, message));
    assertEquals(await memory.save(), state);
  }
  const states: [Partial<MemoryBankState>, string][] = [
    [{ representations: new Float32Array(20) }, "representations has 20 numbers, expected 21"],
    [{ labels: new Int32Array(6) }, "labels has 6 numbers, expected 7"],
    [{ seen: new Uint8Array(8) }, "seen has 8 numbers, expected 7"],
  ];
  for (const [change, message] of states) {
    assertThrows(() => memory.restore({ ...state, ...change }), RangeError, `Cannot restore the memory: ${message}`);
    assertEquals(await memory.save(), state);
  }
});

engineTest("memoryBank() is not written when the loss throws", async () => {
  const memory = memoryBank({ examples: 7, dim: 3 });
  step(memory, 0);
  const state = await memory.save();
  const loss = tiled({
    title: "t",
    terms: () => {
      throw new RangeError("stop");
    },
  }, { memory });
  const run = () =>
    tf.tidy(() => loss([randomMatrix(1, 3, 3)], { training: true, key: key(0), targets: targetsOf([1, 2, 6])() }));
  assertNewTensors(0, () => assertThrows(run, RangeError, "stop"));
  assertEquals(await memory.save(), state);
});
