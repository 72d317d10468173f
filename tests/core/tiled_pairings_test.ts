import * as tf from "@tensorflow/tfjs";
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { pullback } from "../../core/_autodiff.ts";
import { aligned, labelRelation, type MatrixPair, type Pairing, sameLabel, tiled, views } from "../../core/mod.ts";
import { assertClose, engineTest } from "../support/mod.ts";
import {
  assertCase,
  byLabel,
  compare,
  evaluate,
  matrix,
  naiveToy,
  type Relate,
  type Rows,
  rowsOf,
  sameRow,
  store,
  told,
  toy,
} from "./_row_support.ts";

const [x, y, z] = [rowsOf(1, 13, 4), rowsOf(2, 13, 4), rowsOf(3, 6, 4)];
const labels = [0, 1, 0, 2, 0, 1, 2, 1, 0, 3, 4, 5, 6];
const diagonal: Relate = (i, j) => i === j ? "positive" : "negative";
/** Rows of up to three views, one below the other, by the labels of the examples. */
const stacked = (own: readonly number[]): Relate => (i, j) => byLabel(own.concat(own, own))(i, j);
const positions = labels.map((_, i) => i);

for (const similarity of ["cosine", "dot"] as const) {
  engineTest(`tiled() gives the same in tiles of any size for aligned() with hard negatives, by ${similarity}`, () => {
    assertCase({
      loss: toy({ similarity, pairing: aligned() }),
      inputs: [x, y.concat(z), z.slice(1), x.slice(2, 3)],
      naive: ([a, ...others]) => naiveToy(compare(a!, others.flat(), similarity), diagonal),
    });
  });

  engineTest(
    `tiled() gives the same in tiles of any size for aligned() of one matrix with itself, by ${similarity}`,
    () => {
      const pairing: Pairing = ([a], context) => aligned()([a!, a!], context);
      assertCase({
        loss: toy({ similarity, pairing }),
        inputs: [x],
        naive: ([a]) => naiveToy(compare(a!, a!, similarity), diagonal),
      });
    },
  );

  engineTest(`tiled() gives the same in tiles of any size for views(), by ${similarity}`, () => {
    assertCase({
      loss: toy({ similarity, pairing: views() }),
      inputs: [rowsOf(4, 5, 4), rowsOf(5, 5, 4), rowsOf(6, 5, 4)],
      naive: (all) => naiveToy(compare(all.flat(), all.flat(), similarity), stacked(positions.slice(0, 5))),
    });
  });

  engineTest(`tiled() gives the same in tiles of any size for sameLabel() of several views, by ${similarity}`, () => {
    assertCase({
      loss: toy({ similarity, pairing: sameLabel() }),
      inputs: [x.slice(0, 9), y.slice(0, 9)],
      labels: labels.slice(0, 9),
      naive: (all) => naiveToy(compare(all.flat(), all.flat(), similarity), stacked(labels.slice(0, 9))),
    });
  });
}

engineTest("tiled() takes a pairing in place of the loss's own", () => {
  tf.tidy(() => {
    const [a, b] = [matrix(x), matrix(y)];
    const { value } = evaluate(
      () => tiled(toy({ pairing: aligned() }), { pairing: views(), rows: 4 })([a, b], told()),
      [a],
    );
    assertAlmostEquals(value, naiveToy(compare([...x, ...y], [...x, ...y]), stacked(positions)), 1e-5);
  });
});

engineTest("tiled() lets no gradient flow into constant references", () => {
  assertCase({
    loss: toy({ pairing: sameRow({ constant: "references" }) }),
    inputs: [x, y.concat(z)],
    naive: ([a], [, c]) => naiveToy(compare(a!, c!), diagonal),
  });
  // Also where they are the anchors themselves.
  assertCase({
    loss: toy({ pairing: ([a], context) => sameRow({ constant: "references" })([a!, a!], context) }),
    inputs: [x],
    naive: ([a], [c]) => naiveToy(compare(a!, c!), diagonal),
  });
});

engineTest("tiled() lets no gradient flow into constant references that are used directly", () => {
  assertCase({
    loss: toy({
      means: 1,
      similarity: "dot",
      pairing: ([a], context) => sameRow({ constant: "references" })([a!, a!], context),
      terms: ({ similarity, references, rows }) => ({
        sum: tf.add(tf.sum(tf.exp(similarity)), tf.sum(tf.square(references)).mul(rows)),
        count: rows,
      }),
    }),
    inputs: [x],
    naive: ([a], [c]) => {
      const exponentials = compare(a!, c!, "dot").flat().reduce((sum, s) => sum + Math.exp(s), 0) / 13;
      return exponentials + c!.flat().reduce((sum, v) => sum + v * v, 0);
    },
  });
});

engineTest("tiled() is not connected with what is constant, so that a step can tell that it is not used", () => {
  tf.tidy(() => {
    const [a, b] = [matrix(x), matrix(y)];
    const gradients = (constant: "references" | "both") => {
      const loss = tiled(toy({ pairing: sameRow({ constant }) }), { rows: 5 });
      return pullback(() => loss([a, b], told()), () => [a, b]).gradients.map((gradient) => gradient !== undefined);
    };
    assertEquals(gradients("references"), [true, false]);
    assertEquals(gradients("both"), [false, false]);
  });
});

/** What the toy loss makes of the anchors' similarities, and the mean of squares of each further comparison. */
const withFurther = (further: (matrices: readonly tf.Tensor2D[]) => MatrixPair[], similarity: "cosine" | "dot") =>
  toy({
    similarity,
    pairing: (matrices, context) => ({ ...sameRow()(matrices, context), further: further(matrices) }),
    means: 3,
    terms: (block) => {
      const squares = block.further.map((s) => tf.sum(tf.square(s)));
      const own = toy().terms(block) as { sum: tf.Scalar; count: tf.Scalar }[];
      return [...own, { sum: tf.addN(squares) as tf.Scalar, count: block.rows }];
    },
  });
const squares = (similarities: Rows) => similarities.flat().reduce((sum, s) => sum + s * s, 0) / similarities.length;

for (const similarity of ["cosine", "dot"] as const) {
  engineTest(`tiled() differentiates further comparisons of the same and of other matrices, by ${similarity}`, () => {
    assertCase({
      loss: withFurther(([a, b, c]) => [
        { anchors: b!, references: a! },
        { anchors: a!, references: a! },
        { anchors: b!, references: c! },
      ], similarity),
      inputs: [x, y, z],
      naive: ([a, b, c]) =>
        naiveToy(compare(a!, b!, similarity), diagonal) +
        [[b, a], [a, a], [b, c]].reduce((sum, [p, q]) => sum + squares(compare(p!, q!, similarity)), 0),
    });
  });

  engineTest(`tiled() keeps further comparisons constant on one side or on both, by ${similarity}`, () => {
    assertCase({
      loss: withFurther(([a, b, c]) => [
        { anchors: a!, references: b!, constant: "both" },
        { anchors: c!, references: c!, constant: "both" },
        { anchors: b!, references: a!, constant: "references" },
      ], similarity),
      inputs: [x, y, rowsOf(4, 13, 4)],
      naive: ([a, b], [ca, cb, cc]) =>
        naiveToy(compare(a!, b!, similarity), diagonal) +
        [[ca, cb], [cc, cc], [b, ca]].reduce((sum, [p, q]) => sum + squares(compare(p!, q!, similarity)), 0),
    });
  });
}

engineTest("tiled() lets nothing flow through anchors that are constant", () => {
  tf.tidy(() => {
    const [a, b] = [matrix(x), matrix(y)];
    const loss = toy({
      similarity: "dot",
      means: 1,
      pairing: (matrices, context) => ({
        ...sameRow({ constant: "both" })(matrices, context),
        further: [{ anchors: matrices[0]!, references: matrices[1]! }],
      }),
      terms: ({ anchors, references, further, rows }) => ({
        sum: tf.add(tf.add(tf.sum(anchors), tf.sum(references)), tf.sum(further[0]!)),
        count: rows,
      }),
    });
    const { gradients } = evaluate(() => tiled(loss, { rows: 4 })([a, b], told()), [a, b]);
    const expected = (others: Rows) => others[0]!.map((_, j) => others.reduce((sum, row) => sum + row[j]! / 13, 0));
    assertClose(gradients[0]!, x.flatMap(() => expected(y)), 1e-5);
    assertClose(gradients[1]!, y.flatMap(() => expected(x)), 1e-5);
  });
});

for (const similarity of ["cosine", "dot"] as const) {
  engineTest(
    `tiled() compares with references of a memory, which have labels or are negatives, by ${similarity}`,
    () => {
      const stored = rowsOf(5, 8, 4);
      const storedLabels = [0, 0, 1, 9, 3, 6, 6, 2];
      const all = (a: Rows) => compare(a, [...a, ...stored], similarity);
      assertCase({
        loss: toy({ similarity }),
        inputs: [x],
        labels,
        options: () => ({ memory: store(stored, storedLabels) }),
        naive: ([a]) => naiveToy(all(a!), byLabel([...labels, ...storedLabels])),
      });
      assertCase({
        loss: toy({ similarity, pairing: aligned() }),
        inputs: [x, y],
        options: () => ({ memory: store(stored) }),
        naive: ([a, b]) => naiveToy(compare(a!, [...b!, ...stored], similarity), diagonal),
      });
    },
  );
}

engineTest("tiled() refuses a memory for a loss that compares more than anchors with references", () => {
  const loss = withFurther(([a]) => [{ anchors: a!, references: a! }], "dot");
  tf.tidy(() => {
    const message = "Cannot add a memory to the toy loss: it compares more than anchors with references";
    const run = () => tiled(loss, { memory: store(z) })([matrix(x), matrix(y)], told());
    assertThrows(run, TypeError, message);
  });
});

engineTest("tiled() leaves out the pairs that are neither positive nor negative", () => {
  const ids = labels.map((_, i) => i % 5);
  const pairing: Pairing = ([a]) => {
    const [own, id] = [labels, ids].map((values) => tf.tensor1d(values, "int32"));
    const relation = labelRelation([{
      labels: { anchors: own!, references: own! },
      ids: { anchors: id!, references: id! },
    }]);
    return { anchors: a!, references: a!, relation };
  };
  const relate: Relate = (i, j) => ids[i] === ids[j] ? undefined : labels[i] === labels[j] ? "positive" : "negative";
  assertCase({ loss: toy({ pairing }), inputs: [x], naive: ([a]) => naiveToy(compare(a!, a!), relate) });
});
