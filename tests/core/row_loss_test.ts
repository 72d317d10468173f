import * as tf from "@tensorflow/tfjs";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { type Block, labelRelation, type Pairing, type RowLoss, rowLoss, type RowSum, tiled } from "../../core/mod.ts";
import { assertClose, engineTest } from "../support/mod.ts";
import {
  assertCase,
  assertZeros,
  byLabel,
  compare,
  differences,
  evaluate,
  matrix,
  naiveToy,
  paramsOf,
  type Rows,
  rowsOf,
  sameRow,
  told,
  toy,
} from "./_row_support.ts";

// The last four anchors have no positive: in tiles of up to three one mean has no term there.
const labels = [0, 1, 0, 2, 0, 1, 2, 1, 0, 3, 4, 5, 6];
const rows = rowsOf(1, labels.length, 4);

for (const similarity of ["cosine", "dot"] as const) {
  engineTest(`rowLoss() adds up means over all tiles, by ${similarity}`, () => {
    assertCase({
      loss: toy({ similarity }),
      inputs: [rows],
      labels,
      naive: ([x]) => naiveToy(compare(x!, x!, similarity), byLabel(labels)),
    });
  });
}

engineTest("rowLoss() takes counts that are numbers, float32 or int32, and gives them no gradient", () => {
  tf.tidy(() => {
    const x = matrix(rows);
    const make = (count: (block: Block) => tf.Scalar | number) =>
      rowLoss({ title: "t", terms: (block) => ({ sum: tf.sum(tf.square(block.similarity)), count: count(block) }) });
    const expected = evaluate(() => tiled(make((block) => block.rows), { rows: 3 })([x], told(labels)), [x]);
    const counts: ((block: Block) => tf.Scalar)[] = [
      (block) => tf.scalar(block.rows),
      (block) => tf.scalar(block.rows, "int32"),
      // What is counted by comparing has no gradient that could be asked for.
      ({ similarity }) => tf.sum(tf.cast(tf.greater(similarity, -2), "float32")).div(labels.length),
      // It depends on the inputs: each anchor's similarity to itself is 1.
      ({ similarity, first, rows }) => tf.sum(tf.slice(similarity, [0, first], [rows, rows]).mul(tf.eye(rows))),
    ];
    for (const count of counts) {
      const { value, gradients } = evaluate(() => tiled(make(count), { rows: 3 })([x], told(labels)), [x]);
      assertAlmostEquals(value, expected.value, 1e-5);
      assertClose(gradients[0]!, expected.gradients[0]!, 1e-5);
    }
  });
});

engineTest("rowLoss() is 0 without a gradient where no mean has a term, whatever their sums", () => {
  tf.tidy(() => {
    const x = matrix(rows);
    const loss = toy({
      terms: ({ similarity }) => [
        { sum: tf.sum(similarity), count: 0 },
        { sum: tf.sum(tf.exp(similarity)), count: tf.scalar(0) },
      ],
    });
    const { value, gradients } = evaluate(() => tiled(loss, { rows: 2 })([x], told(labels)), [x]);
    assertEquals(value, 0);
    assertZeros(gradients[0]!);
  });
});

const initial = labels.map((_, j) => 0.5 + 0.1 * j);

/** A loss with a scale, a weight for each column, and a variable that nothing depends on. */
function weighted(means: 1 | 2): RowLoss {
  const scale = tf.variable(tf.scalar(0.8));
  const weights = tf.variable(tf.tensor1d(initial));
  const unused = tf.variable(tf.ones([2, 2]));
  return rowLoss({
    title: "t",
    params: { scale, weights, unused },
    means,
    terms: ({ similarity, rows }) => {
      const exponentials = tf.exp(tf.mul(similarity, scale as tf.Scalar));
      const sum = tf.sum(tf.mul(exponentials, weights as tf.Tensor)) as tf.Scalar;
      const first = { sum, count: rows };
      return means === 1 ? first : [first, { sum: tf.sum(exponentials) as tf.Scalar, count: 2 * rows }];
    },
  });
}

for (const means of [1, 2] as const) {
  engineTest(`rowLoss() gives parameters their gradient once, whatever the tiles, with means: ${means}`, () => {
    const loss = weighted(means);
    const naive = ([x, [scale, weights]]: readonly [Rows, Rows]) =>
      compare(x, x).flat().reduce((sum, s, at) => {
        const exponential = Math.exp(scale![0]! * s);
        return sum + exponential * (weights![at % x.length]! + (means === 2 ? 0.5 : 0));
      }, 0) / x.length;
    const slopes = differences((all) => naive(all as [Rows, Rows]), [rows, [[0.8], initial]]);
    tf.tidy(() => {
      const x = matrix(rows);
      for (const size of [1, 2, 7, 13, Infinity]) {
        const made = tiled(loss, { rows: size });
        assert(made.params === loss.params);
        const { gradients } = evaluate(() => made([x], told(labels)), [x, ...paramsOf(made)]);
        assertClose(gradients[0]!, slopes[0]!, 1e-4);
        assertClose([...gradients[1]!, ...gradients[2]!], slopes[1]!, 1e-4);
        assertZeros(gradients[3]!);
      }
    });
    tf.dispose(Object.values(loss.params!));
  });
}

for (const direct of [false, true]) {
  engineTest(`rowLoss() differentiates a parameter that is compared${direct ? " and used directly" : ""}`, () => {
    const proxies = rowsOf(2, 5, 4);
    const variable = tf.variable(matrix(proxies));
    const classes = labels.map((label) => label % 5);
    const range = () => tf.range(0, 5, 1, "int32");
    const pairing: Pairing = ([x], { targets }) => ({
      anchors: x!,
      references: variable as tf.Tensor2D,
      relation: labelRelation([{ labels: { anchors: targets as tf.Tensor1D, references: range() } }]),
    });
    const loss = toy({
      pairing,
      params: { variable },
      means: 3,
      terms: (block) => {
        const squares = tf.sum(tf.square(direct ? variable as tf.Tensor2D : tf.zeros([1]))) as tf.Scalar;
        const own = toy().terms(block) as RowSum[];
        return [...own, { sum: tf.mul(squares, block.rows), count: block.rows }];
      },
    });
    const naive = (x: Rows, p: Rows) =>
      naiveToy(compare(x, p), (i, j) => classes[i] === j ? "positive" : "negative") +
      (direct ? p.flat().reduce((sum, v) => sum + v * v, 0) : 0);
    tf.tidy(() => {
      const x = matrix(rows);
      const slopes = differences(([x, p]) => naive(x!, p!), [rows, proxies]);
      for (const size of [1, 4, Infinity]) {
        const run = () => tiled(loss, { rows: size })([x], told(classes));
        const { value, gradients } = evaluate(run, [x, ...paramsOf(loss)]);
        assertAlmostEquals(value, naive(rows, proxies), 1e-5 * value);
        gradients.forEach((gradient, i) => assertClose(gradient, slopes[i]!, 1e-4, `gradient ${i}`));
      }
    });
    variable.dispose();
  });
}

for (const similarity of ["cosine", "dot"] as const) {
  engineTest(`rowLoss() differentiates anchors and references that are used directly, by ${similarity}`, () => {
    const others = rowsOf(3, 17, 4);
    const loss = rowLoss({
      title: "t",
      similarity,
      pairing: sameRow(),
      terms: ({ anchors, references, similarity, rows }) => {
        const apart = tf.sum(tf.exp(tf.matMul(anchors, references, false, true)));
        return { sum: tf.add(tf.add(apart, tf.sum(tf.square(similarity))), tf.sum(tf.pow(anchors, 3))), count: rows };
      },
    });
    const naive = ([a, b]: readonly Rows[]) => {
      const length = (row: readonly number[]) => similarity === "dot" ? 1 : Math.hypot(...row);
      const cubes = a!.flatMap((row) => row.map((x) => (x / length(row)) ** 3));
      const sums = [...compare(a!, b!, similarity).flat().map((s) => Math.exp(s) + s * s), ...cubes];
      return sums.reduce((x, y) => x + y, 0) / a!.length;
    };
    assertCase({ loss, inputs: [rows, others], naive });
    // And where they are the same tensor.
    const pairing: Pairing = ([x], context) => sameRow()([x!, x!], context);
    assertCase({ loss: { ...loss, pairing }, inputs: [rows], naive: ([x]) => naive([x!, x!]) });
  });
}

engineTest("rowLoss() adds a penalty once, with its gradient", () => {
  const scale = tf.variable(tf.scalar(1.5));
  const loss = toy({ params: { scale }, penalty: () => tf.square(scale) as tf.Scalar });
  tf.tidy(() => {
    const x = matrix(rows);
    const plain = evaluate(() => toy()([x], told(labels)), [x]);
    const { value, gradients } = evaluate(() => tiled(loss, { rows: 2 })([x], told(labels)), [x, ...paramsOf(loss)]);
    assertAlmostEquals(value, plain.value + 2.25, 1e-5);
    assertClose(gradients[0]!, plain.gradients[0]!, 1e-6);
    assertEquals(gradients[1], [3]);
  });
  scale.dispose();
});

engineTest("rowLoss() shows its terms a block of anchors at a time", () => {
  const seen: number[][] = [];
  const context = told(labels);
  const loss = rowLoss({
    title: "t",
    terms: ({ first, rows, key, anchors, references, similarity, further }) => {
      assert(key === context.key);
      assertEquals([anchors.shape, references.shape, similarity.shape], [[rows, 4], [13, 4], [rows, 13]]);
      assertEquals(further, []);
      seen.push([first, rows]);
      return { sum: tf.sum(similarity), count: rows };
    },
  });
  tf.tidy(() => tiled(loss, { rows: 5 })([matrix(rows)], context));
  assertEquals(seen, [[0, 5], [5, 5], [10, 3]]);
});
