/**
 * Encoders: maps from examples to rows of a representation matrix.
 *
 * @module
 */
export * from "./convolutional.ts";
export * from "./embedding_bag.ts";
export * from "./freeze.ts";
export * from "./init.ts";
export * from "./mlp.ts";
export * from "./momentum.ts";
export * from "./params.ts";
export * from "./residual.ts";
export * from "./transformer.ts";
