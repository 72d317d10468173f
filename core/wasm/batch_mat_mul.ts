/**
 * Matrix products without the engine's slow path.
 *
 * The engine is fast only at one plain product; with a transpose flag, or for several products, it is five to forty
 * times slower. So transposed operands are transposed first, and batches are multiplied one by one.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { address, type KernelCall, multiply, stockKernel, type TensorInfo, type WasmBackend } from "./heap.ts";

/** Below this many multiplications, calling the fast product costs more than it saves. */
const worthwhile = 4096;

const stock = stockKernel("BatchMatMul");
const transpose = stockKernel("Transpose");

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
  const plain = !transposeA && !transposeB;
  const paired = String(a.outer) === String(b.outer);
  if (refused || (plain && products === 1) || products * m * k * n === 0 || (paired && m * k * n < worthwhile)) {
    return stock(call);
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
