/**
 * Which examples meet in a batch.
 *
 * @module
 */
export * from "./epochs.ts";
export * from "./group_by_label.ts";
export * from "./hard_negative_batches.ts";
export * from "./hard_negatives.ts";
export * from "./hierarchical.ts";
export * from "./memories/mod.ts";
export * from "./miners/mod.ts";
export * from "./mixture.ts";
export * from "./no_duplicates.ts";
export * from "./p_by_k.ts";
export * from "./sampler.ts";
