import * as tf from "@tensorflow/tfjs";
import type { Loss, LossContext } from "../../core/types.ts";
import { key } from "../../core/key.ts";
import { normal } from "../../core/stream.ts";

/** Rows of numbers. */
export type Rows = readonly (readonly number[])[];

/** What losses are told in these tests. */
export const context: LossContext = { training: true, key: key(0) };

/** A matrix of standard normal numbers. */
export function randomRows(seed: number, rows: number, columns: number): Rows {
  const values = normal(key(seed), [0], rows * columns);
  return Array.from({ length: rows }, (_, i) => [...values.subarray(i * columns, (i + 1) * columns)]);
}

/** What losses of labelled rows are told in these tests. */
export function labelled(labels: readonly number[]): LossContext {
  return { ...context, targets: tf.tensor1d([...labels], "int32") };
}

/** The value of a loss without a tape. */
export function valueOf(loss: Loss, matrices: readonly Rows[], labels?: readonly number[]): number {
  return tf.tidy(() => {
    const given = labels ? labelled(labels) : context;
    return loss(matrices.map((rows) => matrix(rows)), given).dataSync()[0]!;
  });
}

/** The value of a loss on a tape, its gradient for each matrix row after row, and for each of its parameters. */
export function differentiate(
  loss: Loss,
  matrices: readonly Rows[],
  labels?: readonly number[],
): { value: number; gradients: number[][]; params: number[][] } {
  return tf.tidy(() => {
    const given = labels ? labelled(labels) : context;
    const inputs = matrices.map((rows) => matrix(rows));
    const params = Object.values(loss.params ?? {});
    const { value, grads } = tf.valueAndGrads((...xs) => loss(xs.slice(0, inputs.length) as tf.Tensor2D[], given))(
      [...inputs, ...params],
    );
    const numbers = grads.map((gradient) => [...gradient.dataSync()]);
    return {
      value: value.dataSync()[0]!,
      gradients: numbers.slice(0, inputs.length),
      params: numbers.slice(inputs.length),
    };
  });
}

/** Central differences of a function of matrices of numbers, in float64, for each matrix row after row. */
export function finiteDifferences(
  f: (matrices: readonly Rows[]) => number,
  matrices: readonly Rows[],
  step = 1e-5,
): number[][] {
  return matrices.map((rows, m) =>
    rows.flatMap((row, i) =>
      row.map((_, j) => {
        const at = (change: number) =>
          f(matrices.map((other, k) =>
            k === m ? other.map((r, a) => a === i ? r.map((x, b) => b === j ? x + change : x) : r) : other
          ));
        return (at(step) - at(-step)) / (2 * step);
      })
    )
  );
}

/** Rows as a tensor. */
export function matrix(rows: Rows): tf.Tensor2D {
  return tf.tensor2d(rows.map((row) => [...row]), [rows.length, rows[0]?.length ?? 0]);
}
