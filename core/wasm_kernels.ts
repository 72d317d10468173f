/**
 * What the wasm engine needs so that encoders train on it: kernels that it lacks, and better ones for some that it has.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { avgPoolGrad } from "./wasm/avg_pool_grad.ts";
import { batchMatMul } from "./wasm/batch_mat_mul.ts";
import { conv2DBackpropFilter } from "./wasm/conv2d_backprop_filter.ts";
import { conv2DBackpropInput } from "./wasm/conv2d_backprop_input.ts";
import { depthwiseBackpropFilter, depthwiseBackpropInput } from "./wasm/depthwise_backprop.ts";
import { equal, notEqual } from "./wasm/equality.ts";
import type { Kernel } from "./wasm/heap.ts";
import { identity } from "./wasm/identity.ts";
import { maxPoolGrad } from "./wasm/max_pool_grad.ts";
import { unsortedSegmentSum } from "./wasm/unsorted_segment_sum.ts";

const kernels: Readonly<Record<string, Kernel>> = {
  AvgPoolGrad: avgPoolGrad,
  BatchMatMul: batchMatMul,
  Conv2DBackpropFilter: conv2DBackpropFilter,
  Conv2DBackpropInput: conv2DBackpropInput,
  DepthwiseConv2dNativeBackpropFilter: depthwiseBackpropFilter,
  DepthwiseConv2dNativeBackpropInput: depthwiseBackpropInput,
  Equal: equal,
  Identity: identity,
  MaxPoolGrad: maxPoolGrad,
  NotEqual: notEqual,
  UnsortedSegmentSum: unsortedSegmentSum,
};

/** Registers gradfold's kernels on the wasm engine; calling it again changes nothing. */
export function registerWasmKernels(): void {
  for (const [kernelName, kernel] of Object.entries(kernels)) {
    const kernelFunc = kernel as unknown as tf.KernelFunc;
    const present = tf.getKernel(kernelName, "wasm");
    if (present?.kernelFunc === kernelFunc) continue;
    if (present) tf.unregisterKernel(kernelName, "wasm");
    // Ours may call the one that it replaces, which is set up when the engine starts.
    const setupFunc = present?.setupFunc;
    tf.registerKernel({ kernelName, backendName: "wasm", kernelFunc, ...(setupFunc ? { setupFunc } : {}) });
  }
}
