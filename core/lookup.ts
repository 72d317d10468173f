/**
 * Rows of an embedding table, with a gradient that touches only the rows looked up.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor1D, Tensor2D, Variable } from "./types.ts";

/** One lookup made while a recording was on. */
export interface RecordedLookup {
  /** The table. */
  readonly table: Variable;
  /** The rows' numbers, `[lookups]`, which the recording's owner disposes. */
  readonly ids: Tensor1D;
  /** For a sum of rows the weight of each in it, `[sums, lookups / sums]`; owned like the ids. */
  readonly weights?: Tensor2D;
  /** What was looked up, `[lookups, dim]` or `[sums, dim]`; a tape gives the gradient with respect to it. */
  readonly output: Tensor;
}

interface Recording {
  readonly tables: ReadonlySet<Variable>;
  readonly lookups: RecordedLookup[];
}

let recording: Recording | undefined;

/**
 * Looks up rows of an embedding table.
 *
 * Inside a step the gradient of the table is collected row by row; elsewhere it is a matrix of the table's size, as for
 * any other parameter.
 *
 * @param table The table, `[vocabulary, dim]`.
 * @param ids Row numbers, int32, of any shape.
 * @returns The rows, `[...ids.shape, dim]`.
 * @throws {TypeError} If the table is no matrix or the ids are no integers.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { lookup, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const table = tf.variable(tf.tensor2d([[1, 2], [3, 4]]));
 * assertEquals(lookup(table, tf.tensor1d([1, 1], "int32")).arraySync(), [[3, 4], [3, 4]]);
 * ```
 */
export function lookup(table: Variable, ids: Tensor): Tensor {
  checkLookup(table, ids);
  return look(table, ids, undefined, (rows) => tf.gather(rows, ids));
}

/**
 * Looks up rows of an embedding table and adds them up with weights: output_i = Σⱼ weights_ij · table[ids_ij].
 *
 * The looked-up rows do not stay in memory for the gradient, which goes to the table as for {@linkcode lookup}; the
 * weights are constants.
 *
 * @param table The table, `[vocabulary, dim]`.
 * @param ids Row numbers, int32, `[examples, length]`.
 * @param weights The weight of each row in its sum, `[examples, length]`; 0 for padding.
 * @returns The sums, `[examples, dim]`.
 * @throws {TypeError} If the table is no matrix or the ids are no integers.
 * @throws {RangeError} If ids and weights are not matrices of the same shape.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs";
 * import { lookupSum, useBackend } from "@gradfold/gradfold/core";
 * import { assertEquals } from "@std/assert";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const table = tf.variable(tf.tensor2d([[1, 2], [3, 4]]));
 * const ids = tf.tensor2d([[0, 1], [1, 0]], [2, 2], "int32");
 * assertEquals(lookupSum(table, ids, tf.tensor2d([[1, 10], [2, 0]])).arraySync(), [[31, 42], [6, 8]]);
 * ```
 */
export function lookupSum(table: Variable, ids: Tensor2D, weights: Tensor2D): Tensor2D {
  checkLookup(table, ids);
  if (ids.rank !== 2 || weights.shape.join() !== ids.shape.join()) {
    throw new RangeError(
      `Cannot look up rows: ids have shape [${ids.shape}] and weights [${weights.shape}], expected [examples, length]`,
    );
  }
  const [examples, length] = ids.shape;
  return look(table, ids, weights, (rows) => {
    const sums = tf.matMul(tf.reshape(weights, [examples, 1, length]), tf.gather(rows, ids));
    return tf.reshape(sums, [examples, table.shape[1]!]);
  }) as Tensor2D;
}

function look(table: Variable, ids: Tensor, weights: Tensor2D | undefined, run: (table: Tensor) => Tensor): Tensor {
  const own = weights ? [ids, weights] : [ids];
  if (!recording?.tables.has(table)) {
    return tf.customGrad((rows, save) => {
      (save as tf.GradSaveFunc)(own);
      return {
        value: run(rows as Tensor),
        gradFunc: (dy, [ids, weights]) =>
          sumRows(spreadRows(dy, weights as Tensor2D | undefined), tf.reshape(ids!, [-1]) as Tensor1D, table.shape[0]!),
      };
    })(table as Tensor);
  }
  // The table is not an input here: a recording asks for the gradient of the output itself.
  const output = tf.customGrad(() => ({ value: run(table as Tensor), gradFunc: () => [] }))();
  recording.lookups.push({
    table,
    ids: tf.keep(tf.reshape(ids, [-1])) as Tensor1D,
    ...(weights ? { weights: tf.keep(tf.reshape(weights, weights.shape)) } : {}),
    output,
  });
  return output;
}

/** Runs a function and lists the lookups that it makes in some tables. */
export function recordLookups<T>(
  tables: ReadonlySet<Variable>,
  run: () => T,
): { result: T; lookups: readonly RecordedLookup[] } {
  const outer = recording;
  const lookups: RecordedLookup[] = [];
  recording = { tables, lookups };
  try {
    return { result: run(), lookups };
  } catch (error) {
    lookups.forEach(disposeLookup);
    throw error;
  } finally {
    recording = outer;
  }
}

/** Disposes what a recorded lookup keeps. */
export function disposeLookup({ ids, weights }: RecordedLookup): void {
  tf.dispose(weights ? [ids, weights] : ids);
}

/** The gradient of each looked-up row, `[lookups, dim]`, from that of the rows or of their weighted sums. */
export function spreadRows(gradient: Tensor, weights?: Tensor2D): Tensor2D {
  const dim = gradient.shape.at(-1)!;
  if (!weights) return tf.reshape(gradient, [-1, dim]);
  const [sums, length] = weights.shape;
  const spread = tf.mul(tf.reshape(weights, [sums, length, 1]), tf.reshape(gradient, [sums, 1, dim]));
  return tf.reshape(spread, [-1, dim]);
}

/** Adds the rows of `values` up by their ids: `[lookups, dim]` to `[vocabulary, dim]`. */
export function sumRows(values: Tensor2D, ids: Tensor1D, vocabulary: number): Tensor2D {
  return tf.unsortedSegmentSum(values, ids, vocabulary) as Tensor2D;
}

function checkLookup(table: Variable, ids: Tensor): void {
  if (table.rank !== 2 || ids.dtype !== "int32") {
    throw new TypeError(
      `Cannot look up rows: table has shape [${table.shape}] and ids are ${ids.dtype}, expected a matrix and int32`,
    );
  }
}
