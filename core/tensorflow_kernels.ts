/**
 * Kernels of the TensorFlow engine: those that setup compiled from `core/native`, and a better choice among its own.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { fusedKernelName, type FusedName } from "./_fused.ts";
import type { Tensor } from "./types.ts";

/** The parts of the engine that run an op by its name. */
interface TensorflowBackend {
  readonly binding: { readonly [constant: string]: number };
  readonly isUsingGpuDevice: boolean;
  executeMultipleOutputs(name: string, attributes: unknown[], inputs: readonly Tensor[], outputs: number): Tensor[];
}

/** How an op of the library is called. */
interface NativeKernel {
  readonly outputs: number;
  /** Attributes that are floating-point numbers; the others are integers. */
  readonly floats?: readonly string[];
}

const compiled: Readonly<Record<Exclude<FusedName, "ReluGrad">, NativeKernel>> = {
  Accumulate: { outputs: 0 },
  AccumulateAll: { outputs: 0 },
  AccumulateRows: { outputs: 0 },
  AdamStep: { outputs: 3 },
  Attention: { outputs: 1 },
  AttentionGrad: { outputs: 1 },
  Dropout: { outputs: 1, floats: ["factor"] },
  Gelu: { outputs: 1 },
  GeluGrad: { outputs: 2 },
  GroupNorm: { outputs: 1, floats: ["epsilon"] },
  GroupNormGrad: { outputs: 3, floats: ["epsilon"] },
  HalveGrad: { outputs: 1 },
  HalveRelu: { outputs: 1 },
  LayerNorm: { outputs: 1, floats: ["epsilon"] },
  LayerNormGrad: { outputs: 3, floats: ["epsilon"] },
  Moments: { outputs: 3 },
  SumRows: { outputs: 1 },
  UnitRows: { outputs: 2, floats: ["epsilon"] },
  UnitRowsGrad: { outputs: 1 },
  WindowHinges: { outputs: 2, floats: ["positiveMargin", "negativeMargin"] },
  WindowLogSums: { outputs: 2, floats: ["positiveSlope", "negativeSlope", "base"] },
  WriteRows: { outputs: 0 },
};

/** A kernel as the registry calls it. */
type KernelFunction = (call: { inputs: { [name: string]: Tensor }; attrs: { [name: string]: unknown } }) => unknown;

/** Registers the kernels on the engine that runs; calling it again changes nothing. */
export function registerTensorflowKernels(): void {
  const backend = tf.backend() as unknown as TensorflowBackend;
  register(
    fusedKernelName("ReluGrad"),
    ({ inputs }) => backend.executeMultipleOutputs("ReluGrad", [floatType(backend)], Object.values(inputs), 1),
  );
  // What was compiled computes on the processor; on a GPU its own kernels are nearer to the data.
  if (backend.isUsingGpuDevice) return;
  const stock = tf.getKernel("BatchMatMul", "tensorflow")!.kernelFunc as unknown as KernelFunction;
  register("BatchMatMul", (call) => product(backend, call) ?? stock(call));
  for (const [name, { outputs, floats = [] }] of Object.entries(compiled) as [FusedName, NativeKernel][]) {
    const op = fusedKernelName(name);
    if (!hasOp(backend, op)) continue;
    register(op, ({ inputs, attrs }) => {
      const attributes = Object.entries(attrs).map(([name, value]) => ({
        name,
        type: backend.binding[floats.includes(name) ? "TF_ATTR_FLOAT" : "TF_ATTR_INT"],
        value,
      }));
      return backend.executeMultipleOutputs(op, attributes, Object.values(inputs), outputs);
    });
  }
}

/** Kernels by name that were registered here, each on the engine that it calls. */
const registered = new Set<string>();

function register(kernelName: string, kernel: KernelFunction): void {
  if (registered.has(kernelName)) return;
  registered.add(kernelName);
  if (tf.getKernel(kernelName, "tensorflow")) tf.unregisterKernel(kernelName, "tensorflow");
  tf.registerKernel({ kernelName, backendName: "tensorflow", kernelFunc: kernel as unknown as tf.KernelFunc });
}

/** Products with the second factor transposed, of more multiplications than this, are quicker by the op for many products. */
const MANY = 2 ** 23;

/** The product of two matrices by the library's op for just that, where it is quicker than its op for many products. */
function product(backend: TensorflowBackend, { inputs, attrs }: Parameters<KernelFunction>[0]): unknown {
  const [a, b] = [inputs["a"]!, inputs["b"]!];
  const { transposeA, transposeB } = attrs;
  if (a.shape.length !== 2 || b.shape.length !== 2 || a.dtype !== "float32") return undefined;
  if (transposeB && a.size * b.shape[0]! > MANY) return undefined;
  const type = backend.binding["TF_ATTR_BOOL"];
  const attributes = [
    floatType(backend),
    { name: "transpose_a", type, value: transposeA },
    { name: "transpose_b", type, value: transposeB },
  ];
  return backend.executeMultipleOutputs("MatMul", attributes, [a, b], 1)[0];
}

function floatType({ binding }: TensorflowBackend): unknown {
  return { name: "T", type: binding["TF_ATTR_TYPE"], value: binding["TF_FLOAT"] };
}

/** Whether the addon has an op: one that was built before it was there, or for another kind of processor, has not. */
function hasOp(backend: TensorflowBackend, op: string): boolean {
  try {
    backend.executeMultipleOutputs(op, [], [], 0);
    return true;
  } catch (error) {
    // An op that is there complains of its inputs.
    return !/neither a type of a primitive operation/.test(String(error));
  }
}
