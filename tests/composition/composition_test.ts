import { assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { cachedStep, key, type Miner, type RowLoss, sameLabel, tiled } from "../../core/mod.ts";
import * as losses from "../../losses/mod.ts";
import * as samplers from "../../samplers/mod.ts";
import { assertClose, engineTest, free, randomMatrix, tinyEncoder } from "../support/mod.ts";
import { fc } from "../support/properties.ts";
import { type Composition, dense, type Stored } from "./_dense.ts";

const rowLosses: Record<string, () => RowLoss> = {
  contrastive: () => losses.contrastive(),
  triplet: () => losses.triplet({ margin: 0.2 }),
  supCon: () => losses.supCon(),
  ntXent: () => losses.ntXent({ temperature: 0.3, pairing: sameLabel() }),
  multiSimilarity: () => losses.multiSimilarity(),
  circle: () => losses.circle({ scale: 16 }),
  nca: () => losses.nca(),
  binomialDeviance: () => losses.binomialDeviance(),
  margin: () => losses.margin(),
  fastAP: () => losses.fastAP(),
};
const miners: Record<string, (() => Miner) | undefined> = {
  none: undefined,
  multiSimilarity: () => samplers.multiSimilarityMiner(),
  batchHard: () => samplers.batchHardMiner(),
  easyHard: () => samplers.batchEasyHardMiner(),
  semihard: () => samplers.tripletMarginMiner({ kind: "semihard" }),
  pairMargin: () => samplers.pairMarginMiner({ positiveMargin: 0.2, negativeMargin: 0.8 }),
  distanceWeighted: () => samplers.distanceWeightedMiner(),
};

const pool = Int32Array.from({ length: 24 }, (_, i) => i % 6);
const batches: Record<string, () => samplers.Sampler> = {
  epochs: () => samplers.epochs({ examples: 24, batchSize: 9, key: key(3) }),
  classBatches: () => samplers.classBatches({ labels: pool, classes: 4, perClass: 2, key: key(3) }),
  groupByLabel: () => samplers.groupByLabelBatches({ labels: pool, batchSize: 8, key: key(3) }),
};

const drawn = fc.record({
  loss: fc.constantFrom(...Object.keys(rowLosses)),
  miner: fc.constantFrom(...Object.keys(miners)),
  memory: fc.constantFrom("sum", "joint", "live", undefined),
  sampler: fc.constantFrom(...Object.keys(batches)),
  size: fc.integer({ min: 9, max: 20 }),
  chunkSize: fc.integer({ min: 1, max: 10 }),
  keep: fc.integer({ min: 0, max: 3 }),
  rows: fc.constantFrom(1, 2, 5, Infinity),
  dropout: fc.constantFrom(0, 0.3),
  seed: fc.nat(1000),
});

engineTest("any loss, miner, memory and sampler compose with chunks and tiles to what whole matrices give", () => {
  fc.assert(
    fc.property(drawn, ({ loss, miner, memory, sampler, size, chunkSize, keep, rows, dropout, seed }) => {
      const composition: Composition = {
        encoder: tinyEncoder({ seed, dropout }),
        loss: rowLosses[loss]!(),
        miner: miners[miner]?.(),
        memory,
        size,
      };
      const held = memory && samplers.crossBatchMemory({ size, convention: memory });
      const step = cachedStep({
        encoders: [composition.encoder],
        loss: tiled(composition.loss, {
          rows,
          ...(composition.miner ? { miner: composition.miner } : {}),
          ...(held ? { memory: held } : {}),
        }),
        chunkSize,
        keep,
      });
      const source = batches[sampler]!();
      let stored: Stored = { rows: [], labels: [] };
      for (let i = 0; i < 3; i++) {
        const labels = [...source.next()].map((example) => pool[example]!);
        const inputs = randomMatrix(seed + i, labels.length, 4);
        const expected = dense(composition, inputs, labels, stored, seed + i);
        stored = expected.stored;
        const actual = step([inputs], key(seed + i), tf.tensor1d(labels, "int32"));
        assertAlmostEquals(actual.loss.dataSync()[0]!, expected.value, 2e-5 * (1 + Math.abs(expected.value)));
        const found = Object.values(actual.gradients).flatMap((gradient) => [...gradient.dataSync()]);
        const wanted = expected.gradients.flat();
        // A gradient of nearly nothing has little but rounding in it, and so have distances of rows nearly equal.
        const scale = Math.max(Math.hypot(...wanted), 0.01);
        assertClose([...found, scale], [...wanted, scale], 5e-4, `gradient at step ${i}`);
        free(actual);
      }
      held?.dispose();
      tf.dispose({ ...composition.encoder.params });
    }),
    { numRuns: 60 },
  );
});

engineTest("what is composed leaves no tensors behind", () => {
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const memory = samplers.crossBatchMemory({ size: 12 });
    const loss = tiled(losses.multiSimilarity(), { memory, miner: samplers.multiSimilarityMiner(), rows: 2 });
    const encoder = tinyEncoder();
    const step = cachedStep({ encoders: [encoder], loss, chunkSize: 3 });
    for (let i = 0; i < 3; i++) {
      free(step([randomMatrix(i, 8, 4)], key(i), tf.tensor1d([0, 0, 1, 1, 2, 2, 3, 3], "int32")));
    }
    memory.dispose();
    tf.dispose({ ...encoder.params });
  });
  assertEquals(tf.memory().numTensors, before);
});
