/**
 * Which examples meet in a batch.
 *
 * @module
 */
export * from "./epochs.ts";
