/**
 * Ops with gradients written by hand: fewer kernels, and less on the tape, than the same formulas composed.
 *
 * @module
 */
export { affine } from "./affine.ts";
export * from "./attention.ts";
export * from "./broadcast_add.ts";
export * from "./dropout.ts";
export { gelu } from "./gelu.ts";
export { groupNorm, type GroupNormOptions } from "./group_norm.ts";
export * from "./group_norm_conv.ts";
export * from "./group_norm_pool.ts";
export { groupNormRelu } from "./group_norm_relu.ts";
export { layerNorm } from "./layer_norm.ts";
export * from "./masked_mean.ts";
export { l2Normalize } from "./normalize.ts";
export * from "./pairs/mod.ts";
export * from "./pipe.ts";
export { relu } from "./relu.ts";
export * from "./scale.ts";
export * from "./stack_rows.ts";
export * from "./staged_affine.ts";
