/**
 * The fold and what it stands on: tensors in trees, functional keys, steps, optimizers and schedules.
 *
 * @module
 */
export * from "./accumulate.ts";
export * from "./backend.ts";
export { formatBytes, parseBytes } from "./bytes.ts";
export * from "./cached_step.ts";
export * from "./checkpoint.ts";
export * from "./describe_plan.ts";
export * from "./full_step.ts";
export * from "./key.ts";
export { lookup, lookupSum } from "./lookup.ts";
export * from "./measure.ts";
export * from "./memory.ts";
export * from "./miner.ts";
export * from "./named_arrays.ts";
export * from "./neighbors.ts";
export * from "./ops/mod.ts";
export * from "./optimizers/mod.ts";
export * from "./pairs/mod.ts";
export * from "./parity.ts";
export * from "./plan.ts";
export * from "./row_loss.ts";
export * from "./safetensors.ts";
export * from "./schedules.ts";
export * from "./step.ts";
export { dropoutMask, normal, permutation, type Stream, stream, uniform } from "./stream.ts";
export * from "./tiled.ts";
export * from "./tree.ts";
export * from "./types.ts";
