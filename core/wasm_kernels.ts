/**
 * What the wasm engine needs so that encoders train on it: kernels that it lacks, and better ones for some that it has.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { fusedKernelName, type FusedName } from "./_fused.ts";
import { attention, attentionGrad } from "./wasm/attention.ts";
import { avgPoolGrad } from "./wasm/avg_pool_grad.ts";
import { batchMatMul } from "./wasm/batch_mat_mul.ts";
import { conv2DBackpropFilter } from "./wasm/conv2d_backprop_filter.ts";
import { conv2DBackpropInput } from "./wasm/conv2d_backprop_input.ts";
import { depthwiseBackpropFilter, depthwiseBackpropInput } from "./wasm/depthwise_backprop.ts";
import { equal, notEqual } from "./wasm/equality.ts";
import { gather } from "./wasm/gather.ts";
import { gelu, geluGrad } from "./wasm/gelu.ts";
import { groupNorm, groupNormGrad } from "./wasm/group_norm.ts";
import { halveGrad, halveRelu } from "./wasm/halve.ts";
import type { FusedKernel, Kernel } from "./wasm/heap.ts";
import { identity } from "./wasm/identity.ts";
import { layerNorm, layerNormGrad } from "./wasm/layer_norm.ts";
import { maxPoolGrad } from "./wasm/max_pool_grad.ts";
import { reluGrad } from "./wasm/relu_grad.ts";
import { slice } from "./wasm/slice.ts";
import { accumulate, accumulateRows, sumRows, writeRows } from "./wasm/sums.ts";
import { transpose } from "./wasm/transpose.ts";
import { unitRows, unitRowsGrad } from "./wasm/unit_rows.ts";
import { unsortedSegmentSum } from "./wasm/unsorted_segment_sum.ts";

const kernels: Readonly<Record<string, Kernel>> = {
  AvgPoolGrad: avgPoolGrad,
  BatchMatMul: batchMatMul,
  Conv2DBackpropFilter: conv2DBackpropFilter,
  Conv2DBackpropInput: conv2DBackpropInput,
  DepthwiseConv2dNativeBackpropFilter: depthwiseBackpropFilter,
  DepthwiseConv2dNativeBackpropInput: depthwiseBackpropInput,
  Equal: equal,
  GatherV2: gather,
  Identity: identity,
  MaxPoolGrad: maxPoolGrad,
  NotEqual: notEqual,
  Slice: slice,
  Transpose: transpose,
  UnsortedSegmentSum: unsortedSegmentSum,
};

/** What `core/native` has for the other engine, as far as that is quicker here than the ops that it stands for. */
const fusedKernels: Readonly<Partial<Record<FusedName, FusedKernel>>> = {
  Accumulate: accumulate,
  AccumulateRows: accumulateRows,
  Attention: attention,
  AttentionGrad: attentionGrad,
  Gelu: gelu,
  GeluGrad: geluGrad,
  GroupNorm: groupNorm,
  GroupNormGrad: groupNormGrad,
  HalveGrad: halveGrad,
  HalveRelu: halveRelu,
  LayerNorm: layerNorm,
  LayerNormGrad: layerNormGrad,
  ReluGrad: reluGrad,
  SumRows: sumRows,
  UnitRows: unitRows,
  UnitRowsGrad: unitRowsGrad,
  WriteRows: writeRows,
};

/** Registers gradfold's kernels on the wasm engine; calling it again changes nothing. */
export function registerWasmKernels(): void {
  const own = Object.entries(fusedKernels).map(([name, kernel]) =>
    [fusedKernelName(name as FusedName), kernel] as const
  );
  for (const [kernelName, kernel] of [...Object.entries(kernels), ...own]) {
    const kernelFunc = kernel as unknown as tf.KernelFunc;
    const present = tf.getKernel(kernelName, "wasm");
    if (present?.kernelFunc === kernelFunc) continue;
    if (present) tf.unregisterKernel(kernelName, "wasm");
    // Ours may call the one that it replaces, which is set up when the engine starts.
    const setupFunc = present?.setupFunc;
    tf.registerKernel({ kernelName, backendName: "wasm", kernelFunc, ...(setupFunc ? { setupFunc } : {}) });
  }
}
