/**
 * The gradient of an embedding table, summed over lookups.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { canReadSync } from "./backend.ts";
import { fused, hasFused } from "./_fused.ts";
import { disposeLookup, type RecordedLookup, spreadRows, sumRows } from "./lookup.ts";
import type { Tensor, Tensor1D, Tensor2D, Variable } from "./types.ts";

/** A running sum of a table's gradient. */
export interface TableSum {
  /** Adds a lookup with the gradient for its output, and takes both over. */
  add(lookup: RecordedLookup, gradient: Tensor): void;
  /** Ends the sum; the caller disposes it. */
  finish(): Tensor2D;
  /** Drops the sum. */
  dispose(): void;
}

/** Starts a sum in the way that suits the engine. */
export function tableSum(table: Variable): TableSum {
  if (hasFused("AccumulateRows")) return nativeTableSum(table);
  return canReadSync() ? hostTableSum(table) : engineTableSum(table);
}

/** Sums in one matrix of the table's size on the engine, in place. */
export function nativeTableSum(table: Variable): TableSum {
  const sum = tf.zeros(table.shape as [number, number]) as Tensor2D;
  return {
    add(lookup, gradient) {
      tf.tidy(() => fused("AccumulateRows", [sum, lookup.ids, weightsOf(lookup), asFloat(gradient)]));
      disposeLookup(lookup);
      gradient.dispose();
    },
    finish: () => sum,
    dispose: () => sum.dispose(),
  };
}

/** The weights as the kernel takes them: none if there are none. */
function weightsOf({ weights }: RecordedLookup): Tensor {
  if (!weights) return tf.zeros([0]);
  return asFloat(weights);
}

function asFloat(x: Tensor): Tensor {
  return x.dtype === "float32" ? x : tf.cast(x, "float32");
}

/**
 * Sums in one array of the table's size, and costs only the rows looked up. Engines scatter rows several times more
 * slowly, and would make a matrix of the table's size each time.
 */
export function hostTableSum(table: Variable): TableSum {
  const [vocabulary, dim] = table.shape as [number, number];
  const sums = new Float32Array(vocabulary * dim);
  return {
    add(lookup, gradient) {
      const ids = lookup.ids.dataSync();
      const rows = gradient.dataSync();
      const weights = lookup.weights?.dataSync();
      const perRow = lookup.weights ? lookup.weights.shape[1] : 1;
      for (let i = 0; i < ids.length; i++) {
        const weight = weights ? weights[i]! : 1;
        if (weight === 0) continue;
        const to = ids[i]! * dim;
        const from = Math.floor(i / perRow) * dim;
        for (let j = 0; j < dim; j++) sums[to + j]! += weight * rows[from + j]!;
      }
      disposeLookup(lookup);
      gradient.dispose();
    },
    finish: () => tf.tensor2d(sums, [vocabulary, dim]),
    dispose: () => {},
  };
}

/**
 * Sums on the engine, for engines that cannot be read from synchronously. Rows are gathered until as many have come
 * together as the table has, so that a chunk costs no matrix of the table's size.
 */
export function engineTableSum(table: Variable): TableSum {
  const [vocabulary] = table.shape as [number, number];
  let sum: Tensor2D | undefined;
  let pending: { ids: Tensor1D; values: Tensor2D }[] = [];
  const fold = () => {
    const parts = pending;
    pending = [];
    const before = sum;
    sum = tf.tidy(() => {
      const more = sumRows(
        tf.concat(parts.map(({ values }) => values)),
        tf.concat(parts.map(({ ids }) => ids)),
        vocabulary,
      );
      return before ? tf.add(before, more) as Tensor2D : more;
    });
    before?.dispose();
    tf.dispose(parts);
  };
  return {
    add(lookup, gradient) {
      pending.push({
        ids: tf.reshape(lookup.ids, [-1]) as Tensor1D,
        values: tf.tidy(() => spreadRows(gradient, lookup.weights)),
      });
      disposeLookup(lookup);
      gradient.dispose();
      if (pending.reduce((count, { ids }) => count + ids.size, 0) >= vocabulary) fold();
    },
    finish() {
      if (pending.length > 0) fold();
      return sum ?? tf.zerosLike(table as Tensor) as Tensor2D;
    },
    dispose() {
      tf.dispose(pending);
      sum?.dispose();
    },
  };
}
