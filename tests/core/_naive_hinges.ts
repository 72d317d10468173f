/**
 * Hinges of pairs by loops, and pairs to compare with them.
 *
 * @module
 */
import { assertAlmostEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { key, type Pairs, type RowLoss, tiled, type TiledOptions } from "../../core/mod.ts";
import type { Hinges } from "../../core/row_loss.ts";
import { labelRelation } from "../../core/pairs/relation.ts";
import { contrastive } from "../../losses/contrastive.ts";

/** Rows with their labels, and with ids that make pairs neither positive nor negative. */
export interface Group {
  readonly rows: readonly (readonly number[])[];
  readonly labels: readonly number[];
  readonly ids?: readonly number[];
}

/** What is compared with what. */
export interface PairCase {
  readonly anchors: Group;
  /** The anchors themselves if left out. */
  readonly references?: Group;
  /** Further references without a gradient. */
  readonly appended?: Group;
  /** Whether the references get no gradient. */
  readonly constant?: boolean;
}

/** A loss, and its gradients by the anchors and, where they are others, by the references. */
export interface Found {
  readonly value: number;
  readonly gradients: readonly (readonly number[])[];
}

/** Squared distances that count as 0, as documented of `unitDistances`. */
const NOISE = 2 ** -18;

/** Evaluates the loss pair by pair in double precision. */
export function naiveHinges(hinges: Hinges, { anchors, references = anchors, appended, constant }: PairCase): Found {
  const [own, theirs] = [anchors, references].map(({ rows }) => rows.map(unit));
  const pulls = [own!, theirs!].map((rows) => rows.map((row) => row.map(() => 0)));
  // A row that stands on both sides is moved by both.
  if (references === anchors) pulls[1] = pulls[0]!;
  let value = 0;
  for (const positive of [true, false]) {
    const terms = [references, ...appended ? [appended] : []].flatMap((group, further) =>
      own!.flatMap((a, i) =>
        group.rows.flatMap((row, j) => {
          if (anchors.ids && group.ids && anchors.ids[i] === group.ids[j]) return [];
          if ((anchors.labels[i] === group.labels[j]) !== positive) return [];
          return [{ i, j, a, b: unit(row), further: further > 0, ...hingeOf(hinges, positive, a, unit(row)) }];
        })
      )
    );
    const above = terms.filter(({ hinge }) => hinge > 0);
    const count = hinges.all ? terms.length : above.length;
    value += count === 0 ? 0 : above.reduce((sum, { hinge }) => sum + hinge, 0) / count;
    for (const { i, j, a, b, further, slope } of above) {
      b.forEach((x, k) => pulls[0]![i]![k]! += slope * x / count);
      if (!further && !constant) a.forEach((x, k) => pulls[1]![j]![k]! += slope * x / count);
    }
  }
  const gradients = [anchors, references].map(({ rows }, side) =>
    rows.flatMap((row, i) => back(row, pulls[side]![i]!))
  );
  return { value, gradients: references === anchors || constant ? [gradients[0]!] : gradients };
}

/** The hinge of a pair, and its slope by the cosine. */
function hingeOf(
  { distance, positiveMargin, negativeMargin }: Hinges,
  positive: boolean,
  a: readonly number[],
  b: readonly number[],
): { hinge: number; slope: number } {
  const cosine = a.reduce((sum, x, k) => sum + x * b[k]!, 0);
  const squared = 2 - 2 * cosine;
  const apart = squared > NOISE ? Math.sqrt(squared) : 0;
  const [measure, slope] = distance ? [apart, apart > 0 ? -1 / apart : 0] : [cosine, 1];
  // Positives by distance and negatives by cosine are to be below their margin.
  const sign = positive === distance ? 1 : -1;
  return { hinge: sign * (measure - (positive ? positiveMargin : negativeMargin)), slope: sign * slope };
}

/** A row at length 1. */
export function unit(row: readonly number[]): number[] {
  const length = Math.hypot(...row);
  return row.map((x) => length <= 1e-12 ? 0 : x / length);
}

/** The gradient of a row from that of the row at length 1. */
export function back(row: readonly number[], pull: readonly number[]): number[] {
  const length = Math.hypot(...row);
  if (length <= 1e-12) return row.map(() => 0);
  const along = row.reduce((sum, x, k) => sum + x / length * pull[k]!, 0);
  return pull.map((x, k) => (x - row[k]! / length * along) / length);
}

/** Evaluates the contrastive loss with these hinges, see {@linkcode evaluatePairs}. */
export function evaluateHinges(hinges: Hinges, given: PairCase, options: TiledOptions = {}): Found {
  const { distance, positiveMargin, negativeMargin, all } = hinges;
  const measure = distance ? "distance" : "cosine";
  const reduction = all ? "all" : "nonZero";
  return evaluatePairs(contrastive({ measure, positiveMargin, negativeMargin, reduction }), given, options);
}

/** Evaluates a loss over the pairs of a case: by the engine's kernel where it has one, unless tiles are of so many rows. */
export function evaluatePairs(over: RowLoss, given: PairCase, options: TiledOptions): Found {
  return tf.tidy(() => {
    const trained = given.constant ? undefined : given.references;
    const still = given.constant && given.references ? matrixOf(given.references) : undefined;
    const loss = tiled(over, {
      pairing: ([anchors, references = still ?? anchors]) => pairsOf(given, anchors!, references!),
      ...options,
    });
    const matrices = [given.anchors, ...trained ? [trained] : []].map((group) => matrixOf(group));
    const evaluate = (...matrices: tf.Tensor[]) => loss(matrices as tf.Tensor2D[], { training: true, key: key(0) });
    const { value, grads } = tf.valueAndGrads(evaluate)(matrices);
    return { value: value.dataSync()[0]!, gradients: grads.map((gradient) => [...gradient.dataSync()]) };
  });
}

/** Asserts that a value and its gradients are what loops give. */
export function assertFound({ value, gradients }: Found, expected: Found, how: string, digits = 2e-4): void {
  assertAlmostEquals(value, expected.value, 2e-5 * Math.max(1, expected.value), how);
  expected.gradients.forEach((gradient, i) => {
    // A gradient that is 0 leaves what rounding does.
    const tolerance = digits * Math.max(...gradient.map(Math.abs), 0.01);
    gradient.forEach((x, j) => assertAlmostEquals(gradients[i]![j]!, x, tolerance, `${how}, gradient ${i}`));
  });
}

/** The pairs of a case. */
export function pairsOf(given: PairCase, anchors: tf.Tensor2D, references: tf.Tensor2D): Pairs {
  const { appended, constant } = given;
  const groups = [given.references ?? given.anchors, ...appended ? [appended] : []];
  const numbers = (values: readonly number[]) => tf.tensor1d([...values], "int32");
  const [labels, ids] = [numbers(given.anchors.labels), given.anchors.ids && numbers(given.anchors.ids)];
  return {
    anchors,
    references,
    ...(appended ? { appended: matrixOf(appended, anchors.shape[1]) } : {}),
    ...(constant ? { constant: "references" as const } : {}),
    relation: labelRelation(groups.map((group) => {
      // The same tensors where the rows are the same, as of a batch with itself.
      const same = group === given.anchors;
      return {
        labels: { anchors: labels, references: same ? labels : numbers(group.labels) },
        ...(ids && group.ids ? { ids: { anchors: ids, references: same ? ids : numbers(group.ids) } } : {}),
      };
    })),
  };
}

/** The rows of a group. */
export function matrixOf({ rows }: Group, dim = rows[0]!.length): tf.Tensor2D {
  return tf.tensor2d(rows.flat(), [rows.length, dim]);
}
