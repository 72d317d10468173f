/**
 * What the tests share: running on each engine, counting tensors, comparing numbers.
 *
 * @module
 */
export * from "./engines.ts";
export * from "./tensors.ts";
export * from "./encoders.ts";
export * from "./steps.ts";
