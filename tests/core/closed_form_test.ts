import * as tf from "@tensorflow/tfjs";
import { assertAlmostEquals, assertGreater, assertThrows } from "@std/assert";
import { aligned, type Miner, type Pairing, type RowLoss, tiled } from "../../core/mod.ts";
import { infoNCE } from "../../losses/info_nce.ts";
import { learnableTemperature } from "../../losses/temperature.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";
import { evaluate, matrix, paramsOf, type Rows, rowsOf, store, told } from "./_row_support.ts";

const anchors = rowsOf(1, 13, 4);
const references = rowsOf(2, 13, 4);
const inputs: Rows[][] = [
  [anchors, references],
  // Hard negatives behind the references and in further matrices.
  [anchors, [...references, ...rowsOf(3, 4, 4)], rowsOf(4, 6, 4), rowsOf(5, 1, 4)],
  [anchors.slice(0, 1), references],
  // Rows without a direction.
  [[[0, 0, 0, 0], ...anchors.slice(1)], [...references.slice(0, 5), [0, 0, 0, 0], ...references.slice(6)]],
];

/** Asserts that a loss's closed form and its terms agree, for tiles of several sizes. */
function assertAgreement(loss: RowLoss, matrices: readonly tf.Tensor2D[], pairing: Pairing): void {
  const trained = [...new Set(matrices)];
  const targets = [...trained, ...paramsOf(loss)];
  const terms = evaluate(() => tiled(loss, { pairing, rows: Infinity })(matrices, told()), targets);
  for (const rows of [1, 2, 7, 13, Infinity]) {
    const closed = tiled(loss, { rows });
    const { value, gradients } = evaluate(() => closed(matrices, told()), targets);
    assertAlmostEquals(value, terms.value, 1e-6 * Math.abs(terms.value));
    assertAlmostEquals(closed(matrices, told()).dataSync()[0]!, value, 1e-6 * Math.abs(value));
    gradients.forEach((gradient, i) => {
      // What flows to a temperature is a difference of far larger sums.
      const tolerance = i < trained.length ? 2e-6 : 3e-5;
      assertClose(gradient, terms.gradients[i]!, tolerance, `gradient ${i} in tiles of ${rows}`);
    });
  }
}

for (const similarity of ["cosine", "dot"] as const) {
  for (const learnt of [false, true]) {
    engineTest(
      `infoNCE()'s closed form agrees with its terms, by ${similarity}, ${learnt ? "learnt" : "fixed"} temperature`,
      () => {
        const temperature = learnt ? learnableTemperature({ initial: 0.3 }) : 0.3;
        tf.tidy(() => {
          const loss = infoNCE({ temperature, similarity });
          for (const matrices of inputs) assertAgreement(loss, matrices.map(matrix), aligned());
          const x = matrix(anchors);
          assertAgreement(loss, [x, x], aligned());
        });
        if (typeof temperature !== "number") temperature.dispose();
      },
    );
  }
}

for (const form of ["closed form", "terms"]) {
  engineTest(`infoNCE()'s ${form} give a temperature at its bound the same gradient in tiles of any size`, () => {
    const temperature = learnableTemperature({ initial: 0.1, maxScale: 10 });
    const loss = infoNCE({ temperature });
    tf.tidy(() => {
      const matrices = [matrix(anchors), matrix(references)];
      const gradient = (rows: number) => {
        const made = tiled(loss, { rows, ...(form === "terms" ? { pairing: aligned() } : {}) });
        return evaluate(() => made(matrices, told()), paramsOf(loss)).gradients[0]!;
      };
      const whole = gradient(Infinity);
      for (const rows of [1, 2, 7]) assertClose(gradient(rows), whole, 1e-5, `in tiles of ${rows}`);
    });
    temperature.dispose();
  });
}

engineTest("infoNCE()'s closed form keeps apart what float32 exponentials cannot", () => {
  tf.tidy(() => {
    const [x, y] = [matrix(anchors), matrix(references)];
    for (const temperature of [1e-3, 1e-2]) {
      const loss = infoNCE({ temperature });
      const closed = evaluate(() => tiled(loss, { rows: 3 })([x, y], told()), [x, y]);
      const terms = evaluate(() => tiled(loss, { rows: 3, pairing: aligned() })([x, y], told()), [x, y]);
      assertGreater(closed.value, 10);
      assertAlmostEquals(closed.value, terms.value, 1e-5 * terms.value);
      closed.gradients.forEach((gradient, i) => assertClose(gradient, terms.gradients[i]!, 1e-4));
    }
  });
});

engineTest("tiled() takes the closed form for the loss's own pairs only", () => {
  tf.tidy(() => {
    const [x, y] = [matrix(anchors), matrix(references)];
    const loss = {
      ...infoNCE(),
      terms: () => {
        throw new Error("took the terms");
      },
    };
    const keepAll: Miner = (masks) => masks;
    tiled(loss)([x, y], told());
    evaluate(() => tiled(loss, { rows: 2 })([x, y], told()), [x, y]);
    for (const options of [{ pairing: aligned() }, { miner: keepAll }, { memory: store(rowsOf(6, 2, 4)) }]) {
      assertThrows(() => tiled(loss, options)([x, y], told()), Error, "took the terms");
      assertThrows(() => evaluate(() => tiled(loss, options)([x, y], told()), [x, y]), Error, "took the terms");
    }
  });
});

engineTest("tiled() leaves nothing when a closed form throws in the second tile", () => {
  const [x, y] = [matrix(anchors), matrix(references)];
  const made = infoNCE();
  const loss = {
    ...made,
    closed: (tile: Parameters<NonNullable<RowLoss["closed"]>>[0]) => {
      const terms = made.closed!(tile);
      if (tile.first > 0) throw new RangeError("stop");
      return terms;
    },
  };
  const run = () => tiled(loss, { rows: 4 })([x, y], told());
  assertNewTensors(0, () => assertThrows(run, RangeError, "stop"));
  assertNewTensors(0, () => assertThrows(() => evaluate(run, [x, y]), RangeError, "stop"));
  tf.dispose([x, y]);
});
