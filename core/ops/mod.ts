/**
 * Ops with gradients written by hand: fewer kernels, and less on the tape, than the same formulas composed.
 *
 * @module
 */
export * from "./affine.ts";
export * from "./attention.ts";
export * from "./broadcast_add.ts";
export * from "./dropout.ts";
export * from "./gelu.ts";
export * from "./group_norm.ts";
export * from "./layer_norm.ts";
export * from "./masked_mean.ts";
export { l2Normalize } from "./normalize.ts";
export * from "./pairs/mod.ts";
export * from "./pipe.ts";
export * from "./relu.ts";
export * from "./scale.ts";
export * from "./stack_rows.ts";
