/**
 * Ops over the pairs of a block: rows are anchors, columns references.
 *
 * @module
 */
export * from "./contrast_sum.ts";
export * from "./cumulative_histogram.ts";
export * from "./distances.ts";
export { entries } from "./entries.ts";
export { maskedLogSumExp } from "./masked_log_sum_exp.ts";
export { maskedMax, maskedMin } from "./masked_max.ts";
export * from "./masked_sum.ts";
export { eachPositive, type PositiveSlot } from "./positive_slots.ts";
export * from "./row_function.ts";
export * from "./softplus_sum.ts";
export * from "./sum_over_positives.ts";
export * from "./triplet_counts.ts";
export { inGap, type TripletSums, tripletSums, type TripletTerm } from "./triplets.ts";
