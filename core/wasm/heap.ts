/**
 * The wasm engine from inside: its heap, and matrix products on pieces of it.
 *
 * The engine's types do not export these parts; they are the same in every build of version 4.22.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";

/** A tensor as kernels see it. */
export interface TensorInfo {
  readonly dataId: object;
  readonly shape: number[];
  readonly dtype: tf.DataType;
}

/** The parts of the wasm engine that kernels use. */
export interface WasmBackend {
  readonly dataIdMap: { get(dataId: object): { readonly id: number; readonly memoryOffset: number } };
  dataIdNextNumber: number;
  readonly wasm: {
    readonly HEAPU8: Uint8Array<ArrayBuffer>;
    _malloc(bytes: number): number;
    _free(offset: number): void;
    _register_tensor(id: number, size: number, offset: number): void;
    _dispose_data(id: number): void;
    /** Numbers of tensors, addresses of their shapes, ranks, and whether they are transposed. */
    _BatchMatMul(...call: readonly number[]): void;
    /** Numbers of tensors, addresses of their shapes, ranks, and the type. */
    _Add(...call: readonly number[]): void;
  };
  makeOutput(shape: readonly number[], dtype: tf.DataType): TensorInfo;
  disposeData(dataId: object): boolean;
  incRef(dataId: object): void;
}

/** What a kernel is called with. */
export interface KernelCall {
  readonly inputs: { readonly [name: string]: TensorInfo };
  // deno-lint-ignore no-explicit-any -- attributes have a type of their own for each kernel
  readonly attrs: any;
  readonly backend: WasmBackend;
}

/** A kernel: makes its output on the engine's heap. */
export type Kernel = (call: KernelCall) => TensorInfo;

/** A kernel of any number of outputs. */
export type FusedKernel = (call: KernelCall) => TensorInfo[];

/** The engine's own kernel of that name. */
export function stockKernel(name: string): Kernel {
  const kernel = tf.getKernel(name, "wasm");
  if (!kernel) throw new Error(`Cannot use the wasm engine: it has no kernel ${name}`);
  return kernel.kernelFunc as unknown as Kernel;
}

/** Where a tensor's values begin, in bytes. */
export function address(backend: WasmBackend, { dataId }: TensorInfo): number {
  return backend.dataIdMap.get(dataId).memoryOffset;
}

/**
 * A view of float32 values on the heap.
 *
 * Allocating may move the heap, so take views only after everything is allocated.
 */
export function floats(backend: WasmBackend, offset: number, length: number): Float32Array<ArrayBuffer> {
  return new Float32Array(backend.wasm.HEAPU8.buffer, offset, length);
}

/** A view of int32 values on the heap; see {@linkcode floats}. */
export function integers(backend: WasmBackend, offset: number, length: number): Int32Array<ArrayBuffer> {
  return new Int32Array(backend.wasm.HEAPU8.buffer, offset, length);
}

/** A view of a float32 tensor's values; see {@linkcode floats}. */
export function values(backend: WasmBackend, tensor: TensorInfo): Float32Array<ArrayBuffer> {
  return floats(backend, address(backend, tensor), tf.util.sizeFromShape(tensor.shape));
}

/** Runs a function with room for float32 values on the heap, and frees the room. */
export function withScratch<T>(backend: WasmBackend, length: number, run: (offset: number) => T): T {
  const offset = backend.wasm._malloc(length * 4) >>> 0;
  if (offset === 0) {
    throw new RangeError(`Cannot allocate ${length * 4} bytes on the wasm engine: its 4 GB are used up`);
  }
  try {
    return run(offset);
  } finally {
    backend.wasm._free(offset);
  }
}

/** Multiplies matrices on the heap: out[m, n] = a[m, k] · b[k, n], each given by its address. */
export function multiply(
  backend: WasmBackend,
  [a, b, out]: readonly [number, number, number],
  [m, k, n]: readonly [number, number, number],
): void {
  const { wasm } = backend;
  const shapes = shapesAt(backend, [1, m, k, 1, k, n]);
  // The engine knows memory by numbers and keeps what it prepared of `b` under b's number until that is given back.
  const first = backend.dataIdNextNumber;
  backend.dataIdNextNumber += 3;
  wasm._register_tensor(first, m * k, a);
  wasm._register_tensor(first + 1, k * n, b);
  wasm._register_tensor(first + 2, m * n, out);
  try {
    wasm._BatchMatMul(first, shapes, 3, first + 1, shapes + 12, 3, 0, 0, first + 2);
  } finally {
    for (let i = 0; i < 3; i++) wasm._dispose_data(first + i);
  }
}

/** Adds a tensor to each row of another, in that one's memory. */
export function addToRows(backend: WasmBackend, sum: TensorInfo, x: TensorInfo): void {
  const width = tf.util.sizeFromShape(x.shape);
  const rows = tf.util.sizeFromShape(sum.shape) / width;
  const shapes = shapesAt(backend, [rows, width, width]);
  const [to, from] = [backend.dataIdMap.get(sum.dataId).id, backend.dataIdMap.get(x.dataId).id];
  backend.wasm._Add(to, shapes, 2, from, shapes + 8, 1, FLOAT32, to);
}

/** How the engine writes the type. */
const FLOAT32 = 0;

const shapeRoom = new WeakMap<WasmBackend, number>();

/** Writes up to six sizes where the engine finds them until the next call. */
function shapesAt(backend: WasmBackend, sizes: readonly number[]): number {
  const room = shapeRoom.get(backend) ?? backend.wasm._malloc(24) >>> 0;
  shapeRoom.set(backend, room);
  integers(backend, room, sizes.length).set(sizes);
  return room;
}
