/**
 * Sums in place and over rows.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { addRows } from "./columns.ts";
import { address, addToRows, type FusedKernel, integers, values } from "./heap.ts";

/** Inputs a sum and what is added to it, again and again if the sum is larger. */
export const accumulate: FusedKernel = ({ inputs, backend }) => {
  const [sum, x] = [inputs[0]!, inputs[1]!];
  if (tf.util.sizeFromShape(sum.shape) > 0) addToRows(backend, sum, x);
  return [];
};

/** Inputs a sum, row numbers, a weight for each or none, and rows; adds rows[i / perRow] · weights[i] to row ids[i]. */
export const accumulateRows: FusedKernel = ({ inputs, backend }) => {
  const [sum, ids, weights, rows] = [inputs[0]!, inputs[1]!, inputs[2]!, inputs[3]!];
  const [vocabulary, width] = sum.shape as [number, number];
  const count = tf.util.sizeFromShape(ids.shape);
  const to = values(backend, sum);
  const numbers = integers(backend, address(backend, ids), count);
  const shares = values(backend, weights);
  const from = values(backend, rows);
  const perRow = count * width / from.length;
  for (let i = 0; i < count; i++) {
    const id = numbers[i]!;
    const weight = shares.length > 0 ? shares[i]! : 1;
    if (weight === 0 || id < 0 || id >= vocabulary) continue;
    let at = Math.floor(i / perRow) * width;
    const end = (id + 1) * width;
    for (let j = id * width; j < end; j++) to[j]! += weight * from[at++]!;
  }
  return [];
};

/** Inputs a table, the row to begin at with the first to take and how many, and rows, which may be the table's own. */
export const writeRows: FusedKernel = ({ inputs, backend }) => {
  const [table, place, rows] = [inputs[0]!, inputs[1]!, inputs[2]!];
  const dim = table.shape[1]!;
  const [to, from, count] = integers(backend, address(backend, place), 3) as unknown as [number, number, number];
  values(backend, table).set(values(backend, rows).subarray(from * dim, (from + count) * dim), to * dim);
  return [];
};

/** Input [rows, width]; output [width], the sum of the rows. */
export const sumRows: FusedKernel = ({ inputs, backend }) => {
  const x = inputs[0]!;
  const width = x.shape[1]!;
  const y = backend.makeOutput([width], "float32");
  const sums = new Float64Array(width);
  addRows(values(backend, x), sums);
  values(backend, y).set(sums);
  return [y];
};
