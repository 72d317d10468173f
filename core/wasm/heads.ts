/**
 * Heads of attention: matrices that stand side by side in the columns of projections.
 *
 * @module
 */
import { multiply, type TensorInfo, type WasmBackend } from "./heap.ts";

/** Sizes of attention: `count` heads in all examples, each of `length` places of `depth` numbers. */
export interface Heads {
  readonly count: number;
  readonly perExample: number;
  readonly length: number;
  readonly depth: number;
}

/** Which columns of rows: those of one projection of so many. */
export interface Columns {
  readonly part: number;
  readonly parts: number;
}

/** The sizes from projections [examples · length, 3 · width] and a mask [examples, length]. */
export function headsOf(projected: TensorInfo, mask: TensorInfo, perExample: number): Heads {
  const [examples, length] = mask.shape as [number, number];
  return { count: examples * perExample, perExample, length, depth: projected.shape[1]! / 3 / perExample };
}

/** Calls `visit` with where in the rows each head's matrix begins, where in the matrices, and how far apart rows are. */
function visitHeads(
  heads: Heads,
  { part, parts }: Columns,
  visit: (inRows: number, inMatrices: number, stride: number) => void,
): void {
  const { count, perExample, length, depth } = heads;
  const stride = parts * perExample * depth;
  for (let head = 0; head < count; head++) {
    const inExample = head % perExample;
    const example = (head - inExample) / perExample;
    visit(example * length * stride + (part * perExample + inExample) * depth, head * length * depth, stride);
  }
}

/** Calls `visit` with where each place of each head stands, in the rows and in matrices [length, depth]. */
function visitPlaces(heads: Heads, columns: Columns, visit: (inRows: number, inMatrices: number) => void): void {
  const { length, depth } = heads;
  visitHeads(heads, columns, (inRows, inMatrices, stride) => {
    for (let i = 0; i < length; i++) visit(inRows + i * stride, inMatrices + i * depth);
  });
}

/** Copies columns of rows to one matrix [length, depth] for each head, times a factor. */
export function toHeads(heads: Heads, rows: Float32Array, columns: Columns, to: Float32Array, factor = 1): void {
  const { depth } = heads;
  visitPlaces(heads, columns, (from, at) => {
    for (let j = 0; j < depth; j++) to[at + j] = rows[from + j]! * factor;
  });
}

/** Copies columns of rows to one matrix [depth, length] for each head. */
export function toTurnedHeads(heads: Heads, rows: Float32Array, columns: Columns, to: Float32Array): void {
  const { length, depth } = heads;
  visitHeads(heads, columns, (from, at, stride) => {
    for (let j = 0; j < depth; j++) {
      let place = from + j;
      for (let i = 0; i < length; i++, place += stride) to[at++] = rows[place]!;
    }
  });
}

/** Copies one matrix [length, depth] for each head to columns of rows, times a factor. */
export function fromHeads(heads: Heads, from: Float32Array, rows: Float32Array, columns: Columns, factor = 1): void {
  const { depth } = heads;
  visitPlaces(heads, columns, (to, at) => {
    for (let j = 0; j < depth; j++) rows[to + j] = from[at + j]! * factor;
  });
}

/** For each head out[m, n] = a[m, k] · b[k, n], given by the addresses of the first head's matrices. */
export function multiplyHeads(
  backend: WasmBackend,
  { count }: Heads,
  [a, b, out]: readonly [number, number, number],
  [m, k, n]: readonly [number, number, number],
): void {
  for (let head = 0; head < count; head++) {
    multiply(backend, [a + head * m * k * 4, b + head * k * n * 4, out + head * m * n * 4], [m, k, n]);
  }
}
