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
    cwrap(name: string, result: null, parameters: readonly ("number" | "array")[]): (...args: unknown[]) => void;
    readonly tfjs: {
      registerTensor(id: number, size: number, offset: number): void;
      disposeData(id: number): void;
    };
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

const products = new WeakMap<WasmBackend, (...args: unknown[]) => void>();

/** Multiplies matrices on the heap: out[m, n] = a[m, k] · b[k, n], each given by its address. */
export function multiply(
  backend: WasmBackend,
  [a, b, out]: readonly [number, number, number],
  [m, k, n]: readonly [number, number, number],
): void {
  let product = products.get(backend);
  if (!product) {
    product = backend.wasm.cwrap("BatchMatMul", null, [
      ...["number", "array", "number", "number", "array", "number"] as const,
      ...["number", "number", "number"] as const,
    ]);
    products.set(backend, product);
  }
  // The engine knows memory by numbers and keeps what it prepared of `b` under b's number until that is given back.
  const first = backend.dataIdNextNumber;
  backend.dataIdNextNumber += 3;
  const { registerTensor, disposeData } = backend.wasm.tfjs;
  registerTensor(first, m * k, a);
  registerTensor(first + 1, k * n, b);
  registerTensor(first + 2, m * n, out);
  try {
    product(first, shapeBytes(1, m, k), 3, first + 1, shapeBytes(1, k, n), 3, 0, 0, first + 2);
  } finally {
    for (let i = 0; i < 3; i++) disposeData(first + i);
  }
}

function shapeBytes(...shape: number[]): Uint8Array {
  return new Uint8Array(new Int32Array(shape).buffer);
}
