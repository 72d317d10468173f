import * as tf from "@tensorflow/tfjs";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  aligned,
  type Batch,
  cachedStep,
  key,
  type LossContext,
  rowLoss,
  sameLabel,
  type Tensor2D,
  tiled,
  type TiledOptions,
  views,
} from "../../../core/mod.ts";
import { contrastive } from "../../../losses/contrastive.ts";
import { memoryBank, type MemoryBankOptions } from "../../../samplers/mod.ts";
import { assertClose, engineTest, free, randomMatrix, tinyEncoder } from "../../support/mod.ts";

const int = (values: readonly number[]) => tf.tensor1d([...values], "int32");
const told = (targets?: Batch, training = true): LossContext => ({
  training,
  key: key(0),
  ...(targets ? { targets } : {}),
});

const unit = (row: readonly number[]): number[] => {
  const length = Math.hypot(...row);
  return row.map((x) => length === 0 ? 0 : x / length);
};

/** A memory bank by loops. */
function naiveBank(momentum: number) {
  const entries = new Map<number, { row: number[]; label: number | undefined }>();
  return {
    entries,
    write(ids: readonly number[], rows: readonly (readonly number[])[], labels?: readonly number[]): void {
      ids.forEach((id, i) => {
        const [fresh, old] = [unit(rows[i]!), entries.get(id)?.row];
        const row = old ? unit(fresh.map((x, j) => momentum * old[j]! + (1 - momentum) * x)) : fresh;
        entries.set(id, { row, label: labels?.[i] });
      });
    },
  };
}

/** A loss that shows the references which anchors are compared with, and what they are to them. */
function spy(options: TiledOptions) {
  const seen: { references: number[][]; positive: number[][]; negative: number[][] }[] = [];
  const loss = tiled(
    rowLoss({
      title: "t",
      terms: ({ similarity, positive, negative, references }) => {
        const [p, n] = [positive, negative].map((mask) => mask.arraySync());
        seen.push({ references: references.arraySync(), positive: p!, negative: n! });
        return { sum: tf.sum(similarity) as tf.Scalar, count: 1 };
      },
    }),
    { rows: Infinity, ...options },
  );
  return { loss, seen };
}

/** Evaluates a loss and leaves nothing. */
function run(loss: ReturnType<typeof tiled>, matrices: Tensor2D[], targets: () => Batch, training = true): number {
  return tf.tidy(() => loss(matrices, told(targets(), training)).dataSync()[0]!);
}

for (const momentum of [0, 0.5, 0.9]) {
  engineTest(`memoryBank() holds moving averages of directions, with momentum: ${momentum}`, async () => {
    const memory = memoryBank({ examples: 6, dim: 3, momentum, convention: "live" });
    const { loss, seen } = spy({ memory });
    const naive = naiveBank(momentum);
    // Examples come again in other places, once twice in a batch, and once as zeros.
    const batches = [[0, 3, 5], [3, 1, 0], [5, 5, 3], [2, 0, 3], [1, 3, 0]];
    for (const [s, ids] of batches.entries()) {
      const rows = randomMatrix(s, 3, 3).arraySync().map((row, i) => s === 3 && i === 1 ? [0, 0, 0] : row);
      const labels = ids.map((id) => (id + s) % 3);
      const matrix = tf.tensor2d(rows);
      run(loss, [matrix], () => ({ ids: int(ids), labels: int(labels) }));
      matrix.dispose();
      const others = [...naive.entries].filter(([id]) => !ids.includes(id)).toSorted(([a], [b]) => a - b);
      const { references, positive, negative } = seen[s]!;
      assertEquals(references.length, 3 + others.length);
      assertClose(references.flat(), [...rows, ...others.map(([, { row }]) => row)].flatMap(unit), 1e-6);
      // Labels are those that an example had when it came last.
      const all = [...labels, ...others.map(([, { label }]) => label)];
      labels.forEach((label, i) => {
        assertEquals(positive[i], all.map((other, j) => i !== j && other === label ? 1 : 0));
        assertEquals(negative[i], all.map((other) => other !== label ? 1 : 0));
      });
      naive.write(ids, rows, labels);
      assertEquals(memory.length, naive.entries.size);
    }
    const { representations, seen: known, labels } = await memory.save();
    for (let id = 0; id < 6; id++) {
      const entry = naive.entries.get(id);
      assertEquals(known[id], entry ? 1 : 0);
      if (entry) assertEquals(labels[id], entry.label);
      const expected = entry?.row ?? [0, 0, 0];
      representations.subarray(3 * id, 3 * id + 3).forEach((x, j) => assertAlmostEquals(x, expected[j]!, 1e-6));
    }
  });
}

engineTest("memoryBank() writes the views of an example one after the other", async () => {
  for (
    const [pairing, targets] of [
      [views(), () => ({ ids: int([4, 2]) })],
      [sameLabel(), () => ({ ids: int([4, 2]), labels: int([0, 0]) })],
    ] as const
  ) {
    const memory = memoryBank({ examples: 5, dim: 3, momentum: 0.7, convention: "live" });
    const { loss, seen } = spy({ memory, pairing });
    const matrices = [randomMatrix(1, 2, 3), randomMatrix(2, 2, 3), randomMatrix(3, 2, 3)];
    const naive = naiveBank(0.7);
    for (let s = 0; s < 2; s++) {
      run(loss, matrices, targets);
      for (const matrix of matrices) naive.write([4, 2], matrix.arraySync());
    }
    // The examples of the batch meet no entry of their own.
    assertEquals(seen.map(({ references }) => references.length), [6, 6]);
    const { representations } = await memory.save();
    for (const id of [4, 2]) {
      assertClose(representations.subarray(3 * id, 3 * id + 3), naive.entries.get(id)!.row, 1e-6);
    }
    assertEquals(memory.length, 2);
    tf.dispose(matrices);
  }
});

engineTest("memoryBank() stores no hard negatives, and takes entries of unlabelled pairs for negatives", () => {
  const memory = memoryBank({ examples: 5, dim: 3, convention: "live" });
  const { loss, seen } = spy({ memory, pairing: aligned() });
  const matrices = [randomMatrix(1, 2, 3), randomMatrix(2, 3, 3), randomMatrix(3, 2, 3)];
  run(loss, matrices, () => ({ ids: int([4, 2]) }));
  assertEquals(memory.length, 2);
  run(loss, matrices, () => ({ ids: int([2, 1]) }));
  assertEquals(seen[1]!.references.length, 6);
  assertClose(seen[1]!.references[5]!, unit(matrices[1]!.arraySync()[0]!), 1e-6);
  assertEquals(seen[1]!.positive, [[1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0]]);
  assertEquals(seen[1]!.negative, [[0, 1, 1, 1, 1, 1], [1, 0, 1, 1, 1, 1]]);
  assertEquals(memory.length, 3);
  tf.dispose(matrices);
});

/** A bank that has seen examples 0 to 5, and a loss with it. */
function filled(options: Partial<MemoryBankOptions>, tiles: TiledOptions = {}) {
  const memory = memoryBank({ examples: 8, dim: 3, ...options });
  const loss = tiled(contrastive(), { memory, ...tiles });
  const rows = randomMatrix(1, 6, 3);
  run(loss, [rows], () => ({ ids: int([0, 1, 2, 3, 4, 5]), labels: int([0, 1, 0, 1, 2, 2]) }));
  rows.dispose();
  return { memory, loss };
}

const second = () => ({ ids: int([4, 0, 7, 6]), labels: int([2, 0, 0, 1]) });

/** The value and the gradient of a loss of a second batch. */
function evaluate(loss: ReturnType<typeof tiled>, at = randomMatrix(2, 4, 3)): [number, number[]] {
  return tf.tidy(() => {
    const { value, grad } = tf.valueAndGrad((x) => loss([x as Tensor2D], told(second())))(at);
    return [value.dataSync()[0]!, [...grad.dataSync()]];
  });
}

engineTest("memoryBank() makes one loss of batch and memory, by each convention", () => {
  const [plain, plainSlope] = evaluate(contrastive());
  const [joint, jointSlope] = evaluate(filled({ convention: "joint" }).loss);
  const [live, liveSlope] = evaluate(filled({ convention: "live" }).loss);
  const [sum, sumSlope] = evaluate(filled({ weight: 0.3 }).loss);
  const [ones] = evaluate(filled({}).loss);
  assertAlmostEquals(live, joint, 1e-6);
  assertAlmostEquals(sum, plain + 0.3 * joint, 1e-5);
  assertAlmostEquals(ones, plain + joint, 1e-5);
  assertClose(sumSlope, plainSlope.map((x, i) => x + 0.3 * jointSlope[i]!), 1e-5);
  assert(Math.hypot(...liveSlope.map((x, i) => x - jointSlope[i]!)) > 0.01);
});

engineTest("memoryBank() gives the same in tiles of any size", () => {
  const [whole, slope] = evaluate(filled({}, { rows: Infinity }).loss);
  for (const rows of [1, 3]) {
    const [value, gradient] = evaluate(filled({}, { rows }).loss);
    assertAlmostEquals(value, whole, 1e-6 * whole);
    assertClose(gradient, slope, 1e-6);
  }
});

engineTest(
  "memoryBank() is written once a step, whatever the chunks, and neither used nor written outside of training",
  async () => {
    const inputs = randomMatrix(1, 4, 4);
    const states = [];
    for (const chunkSize of [1, 3, 4]) {
      const { memory, loss } = filled({});
      const targets = second();
      free(cachedStep({ encoders: [tinyEncoder()], loss, chunkSize })([inputs], key(0), targets));
      states.push(await memory.save());
    }
    for (const state of states) assertClose(state.representations, states[0]!.representations, 1e-6);
    const { memory, loss } = filled({});
    const [before, rows] = [await memory.save(), randomMatrix(2, 4, 3)];
    assertEquals(run(loss, [rows], second, false), run(contrastive(), [rows], second, false));
    // Ids are of no interest then.
    run(loss, [rows], () => ({ labels: int([0, 0, 1, 1]) }), false);
    assertEquals(await memory.save(), before);
  },
);
