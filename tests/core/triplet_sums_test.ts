import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { key, tripletCounts, tripletSums, type TripletTerm } from "../../core/mod.ts";
import { normal } from "../../core/stream.ts";
import { assertClose, assertNewTensors, engineTest } from "../support/mod.ts";
import { fc } from "../support/properties.ts";

/** Each pair is a positive, a negative or neither. */
type Kind = "positive" | "negative" | "neither";
const kinds = fc.constantFrom<Kind>("positive", "negative", "neither");
const relations = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 6 })).chain(([rows, columns]) =>
  fc.array(fc.array(kinds, { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows })
);
const bounds = [-Infinity, -0.7, 0, 0.5, Infinity];
const gaps = fc.option(
  fc.tuple(fc.constantFrom(...bounds), fc.constantFrom(...bounds)),
  { nil: undefined },
);

function maskOf(relation: Kind[][], kind: Kind): tf.Tensor2D {
  return tf.tensor2d(relation.map((row) => row.map((is) => +(is === kind))), sizeOf(relation), "bool");
}

function sizeOf(relation: Kind[][]): [number, number] {
  return [relation.length, relation[0]!.length];
}

/** Random distances, of which no two differ by a bound of a gap. */
function distancesOf(seed: number, [rows, columns]: [number, number]): number[][] {
  const values = normal(key(seed), [0], rows * columns);
  return Array.from({ length: rows }, (_, i) => [...values.subarray(i * columns, (i + 1) * columns)]);
}

/** The triplets within a gap: a row, and the columns of a positive and of a negative. */
function tripletsOf(relation: Kind[][], distances: number[][], gap?: readonly [number, number]) {
  return relation.flatMap((row, i) =>
    row.flatMap((one, p) =>
      row.flatMap((other, n) => {
        const between = distances[i]![n]! - distances[i]![p]!;
        const within = !gap || (between > gap[0] && between <= gap[1]);
        return one === "positive" && other === "negative" && within ? [{ i, p, n, between }] : [];
      })
    )
  );
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

engineTest("tripletSums() and its gradient agree with loops over triplets", () => {
  fc.assert(
    fc.property(relations, gaps, fc.boolean(), fc.boolean(), fc.nat(99), (relation, gap, smooth, others, seed) => {
      const size = sizeOf(relation);
      const distances = distancesOf(seed, size);
      // A gap may be about other distances than the terms.
      const gapDistances = others ? distancesOf(seed + 100, size) : distances;
      const term: TripletTerm = { margin: 0.3, smooth };
      const gradient = distances.map((row) => row.map(() => 0));
      let [sum, active] = [0, 0];
      const triplets = tripletsOf(relation, gapDistances, gap);
      for (const { i, p, n } of triplets) {
        const x = distances[i]![p]! - distances[i]![n]! + 0.3;
        const slope = smooth ? sigmoid(x) : +(x > 0);
        sum += smooth ? Math.log1p(Math.exp(x)) : Math.max(x, 0);
        active += +(x > 0);
        gradient[i]![p]! += slope;
        gradient[i]![n]! -= slope;
      }
      tf.tidy(() => {
        const masks = {
          positive: maskOf(relation, "positive"),
          negative: maskOf(relation, "negative"),
          ...(gap ? { gap } : {}),
        };
        const far = tf.tensor2d(distances, size);
        const given = others ? [tf.tensor2d(gapDistances, size)] as const : [] as const;
        const run = (far: tf.Tensor2D) => tripletSums(far, masks, term, ...given);
        const { value, grad } = tf.valueAndGrad((far) => run(far as tf.Tensor2D).sum)(far);
        const untaped = run(far);
        assertClose(grad, gradient.flat(), 1e-5);
        for (const found of [value, untaped.sum]) assertClose(found, [sum], 1e-5);
        assertEquals(untaped.active.dataSync()[0], active);
        assertEquals(untaped.all.dataSync()[0], triplets.length);
      });
    }),
    { numRuns: 60 },
  );
});

engineTest("tripletCounts() counts the triplets of each pair", () => {
  fc.assert(
    fc.property(relations, gaps, fc.nat(99), (relation, gap, seed) => {
      const distances = distancesOf(seed, sizeOf(relation));
      const expected = distances.map((row) => row.map(() => 0));
      for (const { i, p, n } of tripletsOf(relation, distances, gap)) {
        expected[i]![p]! += 1;
        expected[i]![n]! += 1;
      }
      tf.tidy(() => {
        const [positive, negative] = [maskOf(relation, "positive"), maskOf(relation, "negative")];
        const far = tf.tensor2d(distances, sizeOf(relation));
        const counts = assertNewTensors(1, () => tripletCounts({ positive, negative, ...(gap ? { gap } : {}) }, far));
        assertEquals(counts.arraySync(), expected);
      });
    }),
    { numRuns: 60 },
  );
});

engineTest("tripletSums() leaves three sums", () => {
  const relation: Kind[][] = [["positive", "negative", "positive"]];
  const masks = { positive: maskOf(relation, "positive"), negative: maskOf(relation, "negative") };
  const far = tf.tensor2d([[1, 2, 3]]);
  const sums = assertNewTensors(3, () => tf.tidy(() => ({ ...tripletSums(far, masks, { margin: 1, smooth: false }) })));
  tf.dispose([far, masks.positive, masks.negative, ...Object.values(sums)]);
});
