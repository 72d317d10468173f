/**
 * Matrix products without the engine's slow path.
 *
 * The engine is fast only at one plain product; with a transpose flag, or for several products, it is five to forty
 * times slower. So transposed operands are transposed first, and batches are multiplied one by one. Before it multiplies,
 * the engine sorts the right operand, which takes several times as long as a transposition; so that is the smaller one
 * where there is a choice.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import {
  address,
  floats,
  type KernelCall,
  multiply,
  stockKernel,
  type TensorInfo,
  values,
  type WasmBackend,
  withScratch,
} from "./heap.ts";
import { transpose, transposeMatrix } from "./transpose.ts";

/** Below this many multiplications, calling the fast product costs more than it saves. */
const worthwhile = 4096;

/** Sums longer than this are made of sums of this length: the rounding error of a float32 sum grows with it. */
const longest = 512;

const stock = stockKernel("BatchMatMul");

/** One operand: its matrices, one after the other, and which of them each product takes. */
interface Operand {
  readonly tensor: TensorInfo;
  readonly rows: number;
  readonly columns: number;
  readonly outer: readonly number[];
}

/** The kernel: out[…, m, n] = a[…, m, k] · b[…, k, n], leading axes broadcast, either operand stored transposed. */
export function batchMatMul(call: KernelCall): TensorInfo {
  const { inputs, attrs, backend } = call;
  const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
  const a = operand(inputs["a"]!, transposeA);
  const b = operand(inputs["b"]!, transposeB);
  const outer = tf.broadcast_util.assertAndGetBroadcastShape([...a.outer], [...b.outer]);
  const [m, k, n] = [a.rows, a.columns, b.columns];
  const products = tf.util.sizeFromShape(outer);
  // What the engine refuses, it refuses in its own words.
  const refused = a.tensor.dtype !== "float32" || b.tensor.dtype !== "float32" || k !== b.rows;
  if (!refused && k === 0) {
    // The engine would leave in the product what the memory held before.
    const out = backend.makeOutput([...outer, m, n], "float32");
    values(backend, out).fill(0);
    return out;
  }
  const plain = !transposeA && !transposeB;
  const paired = String(a.outer) === String(b.outer);
  if (refused || (plain && products === 1) || products * m * k * n === 0 || (paired && m * k * n < worthwhile)) {
    return stock(call);
  }
  if (transposeA && !transposeB && products === 1 && m * k * n >= worthwhile) {
    const out = backend.makeOutput([...outer, m, n], "float32");
    multiplyInStages(backend, [a.tensor, b.tensor, out], [m, k, n]);
    return out;
  }
  if (transposeB && !transposeA && products === 1 && m < n && m * k * n >= worthwhile) {
    // a · bᵀ is the transpose of b · aᵀ, where the smaller of the two is sorted.
    const turned = batchMatMul({ inputs: { a: inputs["b"]!, b: inputs["a"]! }, attrs, backend });
    const out = transpose({ inputs: { x: { ...turned, shape: [n, m] } }, attrs: { perm: [1, 0] }, backend });
    backend.disposeData(turned.dataId);
    return { ...out, shape: [...outer, m, n] };
  }
  const copies: TensorInfo[] = [];
  const straighten = ({ tensor, rows, columns, outer }: Operand, transposed: boolean): TensorInfo => {
    const matrices = tf.util.sizeFromShape([...outer]);
    if (!transposed) return { ...tensor, shape: [matrices, rows, columns] };
    const x = { ...tensor, shape: [matrices, columns, rows] };
    const copy = transpose({ inputs: { x }, attrs: { perm: [0, 2, 1] }, backend });
    copies.push(copy);
    return copy;
  };
  const left = straighten(a, transposeA);
  const right = straighten(b, transposeB);
  let out: TensorInfo;
  if (right.shape[0] === 1) {
    // Matrices that share the right operand are one tall matrix.
    const tall = { a: { ...left, shape: [1, left.shape[0]! * m, k] }, b: right };
    out = stock({ inputs: tall, attrs: { transposeA: false, transposeB: false }, backend });
  } else {
    out = backend.makeOutput([products, m, n], "float32");
    multiplyEach(backend, [left, right, out], [indices(a.outer, outer), indices(b.outer, outer)], [m, k, n]);
  }
  for (const { dataId } of copies) backend.disposeData(dataId);
  return { ...out, shape: [...outer, m, n] };
}

/**
 * out = aᵀ · b for a[k, m] and b[k, n], as the sum of the products of some rows each.
 *
 * Where b is the larger, it is bᵀ · a that is computed.
 */
function multiplyInStages(
  backend: WasmBackend,
  [a, b, out]: readonly [TensorInfo, TensorInfo, TensorInfo],
  [m, k, n]: readonly [number, number, number],
): void {
  const swapped = m < n;
  const [left, right] = swapped ? [b, a] : [a, b];
  const [rows, columns] = swapped ? [n, m] : [m, n];
  const stage = Math.ceil(k / Math.ceil(k / longest));
  const size = rows * columns;
  withScratch(backend, stage * rows + size + (swapped ? size : 0), (turned) => {
    const part = turned + stage * rows * 4;
    const whole = swapped ? part + size * 4 : address(backend, out);
    for (let first = 0; first < k; first += stage) {
      // Multiplying may move the heap, so the views are made anew.
      const count = Math.min(stage, k - first);
      const from = values(backend, left).subarray(first * rows, (first + count) * rows);
      transposeMatrix(from, floats(backend, turned, from.length), count, rows);
      const met = address(backend, right) + first * columns * 4;
      multiply(backend, [turned, met, first === 0 ? whole : part], [rows, count, columns]);
      if (first === 0) continue;
      const [sum, more] = [floats(backend, whole, size), floats(backend, part, size)];
      for (let i = 0; i < size; i++) sum[i]! += more[i]!;
    }
    if (swapped) transposeMatrix(floats(backend, whole, size), values(backend, out), rows, columns);
  });
}

/** Multiplies the matrices that `indices` pair up. */
function multiplyEach(
  backend: WasmBackend,
  tensors: readonly [TensorInfo, TensorInfo, TensorInfo],
  [ofA, ofB]: readonly [Int32Array, Int32Array],
  [m, k, n]: readonly [number, number, number],
): void {
  const [a, b, out] = tensors.map((tensor) => address(backend, tensor)) as [number, number, number];
  for (let i = 0; i < ofA.length; i++) {
    multiply(backend, [a + ofA[i]! * m * k * 4, b + ofB[i]! * k * n * 4, out + i * m * n * 4], [m, k, n]);
  }
}

function operand(tensor: TensorInfo, transposed: boolean): Operand {
  const [first, second] = tensor.shape.slice(-2) as [number, number];
  const [rows, columns] = transposed ? [second, first] : [first, second];
  return { tensor, rows, columns, outer: tensor.shape.slice(0, -2) };
}

/** For each entry of the broadcast shape, in order, the number of the entry of `shape` that stands there. */
function indices(shape: readonly number[], broadcast: readonly number[]): Int32Array {
  let found = Int32Array.of(0);
  for (let axis = 0; axis < broadcast.length; axis++) {
    const length = broadcast[axis]!;
    const own = shape[axis - broadcast.length + shape.length] ?? 1;
    const next = new Int32Array(found.length * length);
    for (let i = 0; i < next.length; i++) {
      next[i] = found[Math.floor(i / length)]! * own + (own === 1 ? 0 : i % length);
    }
    found = next;
  }
  return found;
}
