/**
 * Memories: representations of earlier batches as further references.
 *
 * @module
 */
export type { Convention } from "./_combine.ts";
export type { RingState } from "./_ring.ts";
export * from "./cross_batch_memory.ts";
export * from "./memory_bank.ts";
