import * as tf from "@tensorflow/tfjs";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { pullback } from "../../core/_autodiff.ts";
import {
  key,
  labelRelation,
  type Loss,
  type LossContext,
  type Memory,
  normal,
  type Pairing,
  type Params,
  type Relation,
  type RowLoss,
  rowLoss,
  type RowLossOptions,
  type Similarity,
  type Tensor,
  type Tensor1D,
  tiled,
  type TiledOptions,
} from "../../core/mod.ts";
import { assertClose } from "../support/mod.ts";

/** Rows of numbers. */
export type Rows = readonly (readonly number[])[];
/** What two rows, by their numbers, are to each other. */
export type Relate = (anchor: number, reference: number) => "positive" | "negative" | undefined;

/** Rows of normal numbers, scaled so that exponentials of their products stay small. */
export function rowsOf(seed: number, rows: number, columns: number): Rows {
  const values = normal(key(seed), [0], rows * columns).map((x) => 0.7 * x);
  return Array.from({ length: rows }, (_, i) => [...values.subarray(i * columns, (i + 1) * columns)]);
}

/** Rows as a tensor. */
export function matrix(rows: Rows): tf.Tensor2D {
  return tf.tensor2d(rows.map((row) => [...row]), [rows.length, rows[0]!.length]);
}

/** What a loss is told, with whole numbers as targets if there are labels. */
export function told(labels?: readonly number[], training = true): LossContext {
  return { training, key: key(7), ...(labels ? { targets: tf.tensor1d([...labels], "int32") } : {}) };
}

/**
 * A row loss for tests: the mean of (1 - s)² over positives, and that of exp(s) over negatives.
 */
export function toy(options: Partial<RowLossOptions> = {}): RowLoss {
  return rowLoss({
    title: "the toy loss",
    means: 2,
    terms: ({ similarity, positive, negative }) => {
      const [near, far] = [positive, negative].map((mask) => tf.cast(mask, "float32"));
      return [
        { sum: tf.sum(tf.mul(near!, tf.square(tf.sub(1, similarity)))), count: tf.sum(near!) as tf.Scalar },
        { sum: tf.sum(tf.mul(far!, tf.exp(similarity))), count: tf.sum(far!) as tf.Scalar },
      ];
    },
    ...options,
  });
}

/** The toy loss by loops. */
export function naiveToy(similarities: Rows, relate: Relate): number {
  const sums = { positive: [0, 0], negative: [0, 0] };
  similarities.forEach((row, i) =>
    row.forEach((s, j) => {
      const what = relate(i, j);
      if (!what) return;
      sums[what][0]! += what === "positive" ? (1 - s) ** 2 : Math.exp(s);
      sums[what][1]! += 1;
    })
  );
  return [sums.positive, sums.negative].reduce((total, [sum, count]) => total + (count === 0 ? 0 : sum! / count!), 0);
}

/** Similarities of all rows with all rows, by loops. */
export function compare(anchors: Rows, references: Rows, how: Similarity = "cosine"): number[][] {
  const [own, theirs] = how === "dot" ? [anchors, references] : [unit(anchors), unit(references)];
  return own.map((a) => theirs.map((r) => a.reduce((sum, x, i) => sum + x * r[i]!, 0)));
}

/** Rows at length 1. */
export function unit(rows: Rows): Rows {
  return rows.map((row) => row.map((x) => x / Math.sqrt(row.reduce((sum, x) => sum + x * x, 0))));
}

/** How a row is related to another by labels; never to itself. */
export function byLabel(labels: readonly number[]): Relate {
  return (i, j) => i === j ? undefined : labels[i] === labels[j] ? "positive" : "negative";
}

/** Central differences of a function of numbers, in float64, for each list. */
export function differences(f: (rows: Rows[]) => number, at: readonly Rows[], step = 1e-5): number[][] {
  return at.map((rows, m) =>
    rows.flatMap((row, i) =>
      row.map((_, j) => {
        const moved = (change: number) => {
          const copy = at.map((other) => other.map((r) => [...r]));
          copy[m]![i]![j]! += change;
          return f(copy);
        };
        return (moved(step) - moved(-step)) / (2 * step);
      })
    )
  );
}

/** What a loss gave on a tape: its value, and a gradient for each tensor asked for. */
export interface Evaluated {
  readonly value: number;
  readonly gradients: number[][];
}

/** Evaluates a loss on a tape, pulls a cotangent back, and reads everything; zeros where nothing flows. */
export function evaluate(run: () => tf.Scalar, to: readonly Tensor[], cotangent = 1): Evaluated {
  return tf.tidy(() => {
    const { value, gradients } = pullback(run, () => to, () => tf.scalar(cotangent));
    return {
      value: value.dataSync()[0]!,
      gradients: gradients.map((gradient, i) => [...(gradient ?? tf.zerosLike(to[i]!)).dataSync()]),
    };
  });
}

/** A case of a row loss: what goes in, and the same by loops. */
export interface RowCase {
  readonly loss: RowLossOptions;
  readonly inputs: readonly Rows[];
  readonly labels?: readonly number[];
  /** Further options of tiles, made anew for each evaluation. */
  readonly options?: () => TiledOptions;
  /** The loss of the inputs, and of what is constant among them, by loops. */
  readonly naive: (inputs: readonly Rows[], constants: readonly Rows[]) => number;
}

/** Asserts that a case agrees with loops and finite differences, with and without a tape, in tiles of any size. */
export function assertCase({ loss, inputs, labels, options = () => ({}), naive }: RowCase): void {
  tf.tidy(() => {
    const tensors = inputs.map(matrix);
    const context = told(labels);
    const whole = evaluate(() => tiled(loss, { ...options(), rows: Infinity })(tensors, context), tensors);
    const expected = naive(inputs, inputs);
    assertAlmostEquals(whole.value, expected, 1e-5 * (1 + Math.abs(expected)));
    const slopes = differences((moved) => naive(moved, inputs), inputs);
    whole.gradients.forEach((gradient, i) => assertClose(gradient, slopes[i]!, 1e-4, `gradient of input ${i}`));
    for (const rows of [1, 2, 7, inputs[0]!.length]) {
      const make = () => tiled(loss, { ...options(), rows });
      const { value, gradients } = evaluate(() => make()(tensors, context), tensors);
      assertAlmostEquals(value, whole.value, 1e-6 * Math.abs(whole.value), `value in tiles of ${rows}`);
      gradients.forEach((gradient, i) =>
        assertClose(gradient, whole.gradients[i]!, 1e-6, `gradient of input ${i} in tiles of ${rows}`)
      );
      assertAlmostEquals(make()(tensors, context).dataSync()[0]!, value, 1e-6 * Math.abs(value), "without a tape");
    }
  });
}

/** A memory that always holds the same rows, and counts how often it was written. */
export function store(rows: Rows, labels?: readonly number[]): Memory & { written: number } {
  const memory: Memory & { written: number } = {
    written: 0,
    attach: (pairs) => {
      const appended = matrix(rows);
      const { anchors } = pairs.relation;
      const stored: Relation = labelRelation([{
        labels: {
          anchors: pairs.labels?.anchors ?? tf.fill([anchors], -1, "int32") as Tensor1D,
          references: tf.tensor1d([...labels ?? rows.map(() => -2)], "int32"),
        },
      }]);
      const block: Relation["block"] = (first, count) => {
        const [own, more] = [pairs.relation.block(first, count), stored.block(first, count)];
        return {
          positive: tf.concat([own.positive, more.positive], 1),
          negative: tf.concat([own.negative, more.negative], 1),
        };
      };
      const relation = { anchors, references: pairs.relation.references + rows.length, block };
      return { terms: [{ pairs: { ...pairs, appended, relation }, weight: 1 }], enqueue: () => void memory.written++ };
    },
  };
  return memory;
}

/** Two matrices of which rows of the same number belong together, with something of each pair changed. */
export function sameRow(change: Partial<ReturnType<Pairing>> = {}): Pairing {
  return ([anchors, references]) => ({
    anchors: anchors!,
    references: references!,
    relation: labelRelation([{
      labels: {
        anchors: tf.range(0, anchors!.shape[0], 1, "int32"),
        references: tf.range(0, references!.shape[0], 1, "int32"),
      },
    }]),
    ...change,
  });
}

/** The variables of a loss. */
export function paramsOf(loss: Loss): readonly Tensor[] {
  return Object.values((loss.params ?? {}) as Params) as Tensor[];
}

/** Asserts that all numbers are 0. */
export function assertZeros(values: readonly number[]): void {
  assertEquals(values.map(Math.abs), values.map(() => 0));
}
