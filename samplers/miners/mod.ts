/**
 * Which pairs of a batch count.
 *
 * @module
 */
export * from "./angular.ts";
export * from "./batch_easy_hard.ts";
export * from "./batch_hard.ts";
export * from "./chain.ts";
export * from "./distance_weighted.ts";
export * from "./multi_similarity.ts";
export * from "./pair_margin.ts";
export * from "./triplet_margin.ts";
