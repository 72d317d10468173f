import * as tf from "@tensorflow/tfjs";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { aligned, type Mined, type Miner, type Tensor2D, tiled } from "../../core/mod.ts";
import { assertClose, engineTest } from "../support/mod.ts";
import {
  assertCase,
  assertZeros,
  byLabel,
  compare,
  evaluate,
  matrix,
  naiveToy,
  type Relate,
  rowsOf,
  store,
  told,
  toy,
  unit,
} from "./_row_support.ts";

const labels = [0, 1, 0, 2, 0, 1, 2, 1, 0, 3, 4, 5, 6];
// Far from length 1, so that cosines and dot products differ.
const rows = rowsOf(1, labels.length, 4).map((row, i) => row.map((x) => x * (0.5 + 0.2 * i)));
const stored = rowsOf(2, 6, 4);
const storedLabels = [0, 1, 2, 3, 9, 6];

/** Keeps positives of a low cosine and negatives of a high one. */
const hard: Miner = ({ positive, negative }, { cosine }) => ({
  positive: tf.logicalAnd(positive, tf.less(cosine, 0.5)) as Tensor2D,
  negative: tf.logicalAnd(negative, tf.greater(cosine, 0)) as Tensor2D,
});

/** The same by loops. */
const hardest = (relate: Relate, cosines: number[][]): Relate => (i, j) => {
  const what = relate(i, j);
  const kept = what === "positive" ? cosines[i]![j]! < 0.5 : cosines[i]![j]! > 0;
  return kept ? what : undefined;
};

for (const similarity of ["cosine", "dot"] as const) {
  engineTest(`tiled() narrows pairs by their cosine where the loss compares by ${similarity}`, () => {
    const relate = hardest(byLabel(labels), compare(rows, rows));
    assertCase({
      loss: toy({ similarity }),
      inputs: [rows],
      labels,
      options: () => ({ miner: hard }),
      naive: ([x]) => naiveToy(compare(x!, x!, similarity), relate),
    });
  });

  engineTest(`tiled() narrows pairs with a memory by their cosine where the loss compares by ${similarity}`, () => {
    const relate = hardest(byLabel([...labels, ...storedLabels]), compare(rows, [...rows, ...stored]));
    assertCase({
      loss: toy({ similarity }),
      inputs: [rows],
      labels,
      options: () => ({ miner: hard, memory: store(stored, storedLabels) }),
      naive: ([x]) => naiveToy(compare(x!, [...x!, ...stored], similarity), relate),
    });
  });

  engineTest(
    `tiled() shows a miner rows at length 1 and their cosines where the loss compares by ${similarity}`,
    () => {
      const seen:
        (Pick<Mined, "first" | "key"> & { cosine: number[][]; anchors: number[][]; references: number[][] })[] = [];
      const miner: Miner = (masks, { first, key, cosine, anchors, references }) => {
        const read = (x: Tensor2D) => x.arraySync();
        seen.push({ first, key, cosine: read(cosine), anchors: read(anchors), references: read(references) });
        return masks;
      };
      const context = told(labels);
      const memory = store(stored, storedLabels);
      tf.tidy(() => tiled(toy({ similarity }), { rows: 5, miner, memory })([matrix(rows)], context));
      const all = [...rows, ...stored];
      assertEquals(seen.map(({ first }) => first), [0, 5, 10]);
      for (const { first, key, cosine, anchors, references } of seen) {
        assert(key === context.key);
        const own = rows.slice(first, first + 5);
        assertEquals(cosine.length, own.length);
        assertClose(cosine.flat(), compare(own, all).flat(), 1e-6);
        assertClose(anchors.flat(), unit(own).flat(), 1e-6);
        assertClose(references.flat(), unit(all).flat(), 1e-6);
      }
    },
  );

  engineTest(`tiled() is 0 without a gradient where a miner keeps nothing, by ${similarity}`, () => {
    const miner: Miner = ({ positive, negative }) => ({
      positive: tf.zerosLike(positive),
      negative: tf.zerosLike(negative),
    });
    tf.tidy(() => {
      const x = matrix(rows);
      const loss = tiled(toy({ similarity }), { rows: 5, miner });
      const { value, gradients } = evaluate(() => loss([x], told(labels)), [x]);
      assertEquals([value, loss([x], told(labels)).dataSync()[0]], [0, 0]);
      assertZeros(gradients[0]!);
    });
  });
}

engineTest("tiled() hands the gap of a miner to the loss", () => {
  const gaps: unknown[] = [];
  const loss = toy({
    terms: (block) => {
      gaps.push(block.gap);
      return toy().terms(block);
    },
  });
  tf.tidy(() => {
    const x = matrix(rows);
    evaluate(() => tiled(loss, { rows: 7, miner: (masks) => ({ ...masks, gap: [0, 0.5] }) })([x], told(labels)), [x]);
  });
  // Two means: every tile is seen twice.
  assertEquals(gaps, Array(4).fill([0, 0.5]));
});

engineTest("tiled() takes no gradient through what a miner looks at", () => {
  tf.tidy(() => {
    const [x, y] = [matrix(rows), matrix(rowsOf(3, 13, 4))];
    const weigh = (constant: boolean): Miner => (masks, { cosine, anchors }) => {
      const level = constant
        ? tf.scalar(0.1)
        : tf.mean(tf.add(tf.mul(cosine, 0), tf.mean(tf.mul(anchors, 0)))).add(0.1);
      return { ...masks, negative: tf.logicalAnd(masks.negative, tf.greater(cosine, level)) as Tensor2D };
    };
    const [free, fixed] = [false, true].map((constant) => {
      const loss = tiled(toy({ pairing: aligned(), similarity: "dot" }), { rows: 4, miner: weigh(constant) });
      return evaluate(() => loss([x, y], told()), [x, y]);
    });
    assertAlmostEquals(free!.value, fixed!.value, 1e-6);
    assertClose(free!.gradients.flat(), fixed!.gradients.flat(), 1e-6);
  });
});
