import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { key, type Miner, tiled } from "../../../core/mod.ts";
import { contrastive, supCon } from "../../../losses/mod.ts";
import { cosines } from "../../losses/_naive.ts";
import { differentiate, randomRows } from "../../losses/_support.ts";
import { assertClose, assertNewTensors, engineTest } from "../../support/mod.ts";
import { fc } from "../../support/properties.ts";
import { type Batch, matrix, mine, pairing } from "./_mine.ts";

/** One anchor, as loops see it. */
export interface Anchor {
  readonly row: number;
  readonly positives: readonly number[];
  readonly negatives: readonly number[];
  /** Cosines to all references. */
  readonly cosine: readonly number[];
  /** Cosines of the references to each other. */
  readonly between: readonly (readonly number[])[];
}

/** A miner, and what it is held against. */
export interface MinerCase {
  /** The call, for the names of tests. */
  readonly name: string;
  readonly make: () => Miner;
  /** The same by loops in float64, anchor by anchor. Left out for what is random. */
  readonly naive?: (anchor: Anchor) => { positives: readonly number[]; negatives: readonly number[] };
  /** Whether ties of equal rows are broken in a defined way. */
  readonly ties?: boolean;
}

const labels = [3, 0, 3, -2, 0, 3, 7, -2, 0];
const rows = randomRows(11, labels.length, 4);
const distinct: { readonly [name: string]: Batch } = {
  "random rows": { rows, labels },
  "close rows": { rows: randomRows(4, 9, 4).map((row) => row.map((x, j) => x + (j === 0 ? 3 : 0))), labels },
  "two classes": { rows: randomRows(5, 12, 3), labels: [0, 1, 0, 1, 1, 1, 0, 0, 1, 0, 1, 0] },
  "other references": {
    rows: rows.slice(0, 5),
    labels: labels.slice(0, 5),
    references: { rows: randomRows(6, 11, 4), labels: [0, 3, 3, 5, -2, 0, 0, 5, 3, 9, 9] },
  },
  "one class": { rows, labels: rows.map(() => 1) },
  singletons: { rows, labels: rows.map((_, i) => i) },
  "one example": { rows: rows.slice(0, 1), labels: [4] },
  "one pair": { rows: rows.slice(0, 2), labels: [4, 4] },
};
const tied: { readonly [name: string]: Batch } = {
  "equal rows": { rows: rows.map((row, i) => i < 6 ? rows[0]! : row), labels },
  "rows of zeros": { rows: rows.map((row, i) => i < 4 ? [0, 0, 0, 0] : row), labels },
  "opposite rows": { rows: rows.map((row, i) => i % 2 ? rows[0]!.map((x) => -x) : row), labels },
};

/** Registers the tests that every miner passes. */
export function minerSuite({ name, make, naive, ties = false }: MinerCase): void {
  if (naive) {
    engineTest(`${name} agrees with loops`, () => {
      for (const [what, batch] of Object.entries({ ...distinct, ...(ties ? tied : {}) })) {
        const { positives, negatives } = mine(make(), batch);
        for (const anchor of anchorsOf(batch)) {
          const expected = naive(anchor);
          assertEquals(
            { positives: positives[anchor.row], negatives: negatives[anchor.row] },
            { positives: [...expected.positives], negatives: [...expected.negatives] },
            `anchor ${anchor.row} of ${what}`,
          );
        }
      }
    });
  }

  engineTest(`${name} keeps the same in tiles of any size`, () => {
    for (const batch of [...Object.values(distinct), ...(ties ? Object.values(tied) : [])]) {
      const whole = mine(make(), batch);
      for (const tile of [1, 7]) assertEquals(mine(make(), batch, { tile }), whole);
    }
  });

  engineTest(`${name} never widens`, () => {
    const batches = fc.integer({ min: 1, max: 12 }).chain((size) =>
      fc.record({
        // Small integers give equal rows, opposite ones and zeros.
        rows: fc.array(fc.array(fc.integer({ min: -1, max: 2 }), { minLength: 3, maxLength: 3 }), {
          minLength: size,
          maxLength: size,
        }),
        labels: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: size, maxLength: size }),
      })
    );
    fc.assert(
      fc.property(batches, (batch) => {
        const [all, kept] = [mine(undefined, batch), mine(make(), batch)];
        for (const kind of ["positives", "negatives"] as const) {
          kept[kind].forEach((columns, row) => assert(columns.every((column) => all[kind][row]!.includes(column))));
        }
      }),
      { numRuns: 25 },
    );
  });

  engineTest(`${name} leaves its masks only`, () => {
    const [miner, given] = [make(), matrix(rows)];
    const { relation } = pairing({ rows, labels })([given], { training: true, key: key(0) });
    const unit = tf.tidy(() => tf.div<tf.Tensor2D>(given, tf.norm(given, 2, 1, true)));
    const cosine = tf.matMul(unit, unit, false, true) as tf.Tensor2D;
    const masks = relation.block(0, labels.length);
    const mined = { first: 0, cosine, anchors: unit, references: unit, key: key(0) };
    const kept = assertNewTensors(2, () => miner(masks, mined));
    assertEquals([kept.positive.shape, kept.negative.shape], [cosine.shape, cosine.shape]);
  });

  for (const [what, loss] of [["contrastive", contrastive()], ["supCon", supCon()]] as const) {
    engineTest(`${name} goes with ${what}() in tiles`, () => {
      for (
        const batch of [distinct["random rows"], distinct["singletons"], tied["equal rows"], tied["rows of zeros"]]
      ) {
        const [whole, tiles] = [Infinity, 4].map((rows) =>
          differentiate(tiled(loss, { miner: make(), rows }), [batch!.rows], batch!.labels)
        );
        assert(Number.isFinite(whole!.value) && whole!.gradients[0]!.every(Number.isFinite));
        if (batch !== distinct["random rows"] && !ties) continue;
        assertAlmostEquals(tiles!.value, whole!.value, 1e-5 * (1 + whole!.value));
        assertClose(tiles!.gradients[0]!, whole!.gradients[0]!, 1e-5);
      }
    });
  }
}

/** The anchors of a batch. */
export function anchorsOf({ rows, labels, references }: Batch): Anchor[] {
  const [theirs, theirLabels] = [references?.rows ?? rows, references?.labels ?? labels];
  const between = cosines(theirs);
  return cosines(rows, theirs).map((cosine, row) => {
    const others = theirLabels.map((_, column) => column).filter((column) => references || column !== row);
    return {
      row,
      cosine,
      between,
      positives: others.filter((column) => theirLabels[column] === labels[row]),
      negatives: others.filter((column) => theirLabels[column] !== labels[row]),
    };
  });
}

/** The triplets of an anchor for which something holds, and their pairs. */
export function pairsOfTriplets(
  { positives, negatives }: Anchor,
  holds: (positive: number, negative: number) => boolean,
): { positives: number[]; negatives: number[]; triplets: number } {
  return {
    positives: positives.filter((p) => negatives.some((n) => holds(p, n))),
    negatives: negatives.filter((n) => positives.some((p) => holds(p, n))),
    triplets: positives.reduce((sum, p) => sum + negatives.filter((n) => holds(p, n)).length, 0),
  };
}
