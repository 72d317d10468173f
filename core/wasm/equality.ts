/**
 * Comparing every entry of a column with every entry of a row, which the engine does entry by entry through indices.
 *
 * @module
 */
import { address, floats, integers, type Kernel, type KernelCall, stockKernel, type TensorInfo } from "./heap.ts";

/** The kernel of equality: bool out[i, j] of a[i, 1] and b[1, j]; other shapes go to the engine. */
export const equal: Kernel = comparison("Equal", 1);

/** The kernel of inequality. */
export const notEqual: Kernel = comparison("NotEqual", 0);

function comparison(name: string, same: 0 | 1): Kernel {
  const stock = stockKernel(name);
  return (call: KernelCall): TensorInfo => {
    const { inputs, backend } = call;
    const [a, b] = [inputs["a"]!, inputs["b"]!];
    const outer = a.shape.length === 2 && b.shape.length === 2 && a.shape[1] === 1 && b.shape[0] === 1;
    const typed = a.dtype === b.dtype && (a.dtype === "int32" || a.dtype === "float32");
    if (!outer || !typed) return stock(call);
    const [rows, columns] = [a.shape[0]!, b.shape[1]!];
    const out = backend.makeOutput([rows, columns], "bool");
    const view = a.dtype === "int32" ? integers : floats;
    const left = view(backend, address(backend, a), rows);
    const right = view(backend, address(backend, b), columns);
    const to = new Uint8Array(backend.wasm.HEAPU8.buffer, address(backend, out), rows * columns);
    for (let i = 0, at = 0; i < rows; i++) {
      const value = left[i]!;
      for (let j = 0; j < columns; j++, at++) to[at] = value === right[j] ? same : 1 - same;
    }
    return out;
  };
}
